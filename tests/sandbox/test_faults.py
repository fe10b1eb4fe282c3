"""Faults on demand: what was asked for goes wrong, as often as asked for, and nothing else."""

import gc
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from destination_facts import POSTGRES

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.faults import Fault, Faults


def statuses(api: httpx.Client, count: int, path: str = "/v4/sources") -> list[int]:
    return [api.get(path).status_code for _ in range(count)]


def names(api: httpx.Client) -> list[str]:
    return [source["display_name"] for source in api.get("/v4/sources").json()]


def test_the_next_requests_are_answered_with_an_error(api: httpx.Client, sandbox: Sandbox) -> None:
    fault = sandbox.faults.add(status=502, times=2, method="GET", path="/v4/sources")

    assert api.get("/v4/destinations").status_code == 200, "it is another path's"
    assert statuses(api, 3) == [502, 502, 200]
    assert fault.hits == 2
    assert fault.is_spent


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_an_error_on_demand_is_json_and_may_say_when_to_try_again(
    api: httpx.Client, sandbox: Sandbox, status: int
) -> None:
    with sandbox.faults.add(status=status, retry_after_s=7):
        answer = api.get("/v4/sources")

    assert (answer.status_code, answer.headers["Retry-After"], list(answer.json())) == (status, "7", ["message"])
    assert api.get("/v4/sources").status_code == 200, "the fault ended with its block"


def test_an_error_on_demand_changes_nothing(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=500, times=1)

    assert api.post("/v4/sources", json=recurly.CREATE).status_code == 500
    assert names(api) == []


def test_a_refused_request_gets_no_answer_and_does_nothing(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.refuse(times=1, method="POST")

    with pytest.raises(httpx.TransportError):
        api.post("/v4/sources", json=recurly.CREATE)

    assert names(api) == []


def test_a_dropped_request_is_carried_out_and_gets_no_answer(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.drop_after_commit(times=1, method="POST", path="/v4/sources")

    with pytest.raises(httpx.TransportError):
        api.post("/v4/sources", json=recurly.CREATE)

    assert names(api) == ["Recurly"]


def test_cutting_off_leaves_no_complaint_and_no_connection_behind(
    api: httpx.Client, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.refuse(times=20)

    for _ in range(20):
        with pytest.raises(httpx.TransportError):
            api.post("/v4/sources", content=b"x" * 200_000)
    gc.collect()

    assert statuses(api, 1) == [200]
    assert caplog.records == []


def test_a_delay_holds_up_its_own_request_only(sandbox: Sandbox, api: httpx.Client) -> None:
    with sandbox.faults.delay(60, path="/v4/sources"):
        with pytest.raises(httpx.TimeoutException):
            api.get("/v4/sources", timeout=0.05)
        assert api.get("/v4/destinations").status_code == 200


def test_a_delay_comes_before_what_else_goes_wrong(sandbox: Sandbox, api: httpx.Client) -> None:
    sandbox.faults.delay(0.01, times=1)
    sandbox.faults.add(status=503, times=1)

    api.get("/v4/sources")

    (exchange,) = sandbox.journal
    assert (exchange.status, exchange.fault) == (503, "status")
    assert exchange.duration_ms >= 10


def test_a_share_is_drawn_from_the_seed() -> None:
    def play(seed: int) -> list[int]:
        with Sandbox(seed=seed, pace_s=0, clock=recurly.NOON) as sandbox:
            sandbox.faults.add(status=500, share=0.3)
            headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
            with httpx.Client(base_url=sandbox.url, headers=headers) as api:
                return statuses(api, 60)

    first = play(1)
    assert play(1) == first
    assert play(2) != first
    assert 5 < first.count(500) < 35


PATHS = [
    ("/v4/sources/{source_id}", "/v4/sources/7", True, "braces stand for one part"),
    ("/v4/sources/{source_id}", "/v4/sources", False, "and for no less"),
    ("/v4/sources/{source_id}", "/v4/sources/7/sync", False, "and for no more"),
    ("/v4/*", "/v4/sources/7/sync", True, "a star stands for anything"),
    ("/v4/*", "/v3/accounts", False, "that follows"),
    ("/v4/sources", "/v4/sources", True, "the path itself"),
    ("/v4/sources", "/v4/sourcesX", False, "the whole of it"),
    ("/v4/s.urces", "/v4/sources", False, "other signs stand for themselves"),
    (None, "/anything", True, "no path means all"),
]


@pytest.mark.parametrize(("pattern", "path", "is_met", "why"), PATHS)
def test_which_paths_a_fault_is_for(pattern: str | None, path: str, is_met: bool, why: str) -> None:
    faults = Faults()
    faults.refuse(path=pattern, method="get")

    assert bool(faults.match_request("GET", path)) is is_met, why
    assert faults.match_request("PUT", path) == [], "another method"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "earthquake"}, "no fault of kind 'earthquake'; there are status"),
        ({"kind": "status"}, "Give a status"),
        ({"kind": "refuse", "status": 500}, "Give a status to a fault of kind 'status', and to no other"),
        ({"kind": "status", "status": 200}, "from 400 to 599"),
        ({"kind": "status", "status": True}, "from 400 to 599"),
        ({"kind": "status", "status": 500, "retry_after_s": -1}, "retry_after_s"),
        ({"kind": "delay"}, "delay_s"),
        ({"kind": "delay", "delay_s": 1e9}, "from 0 to 300"),
        ({"kind": "check", "source_type": "platform.recurl"}, "no source type 'platform.recurl'; did you mean"),
        ({"kind": "extraction", "source_type": "postgres"}, "no source type 'postgres'"),
        ({"kind": "refuse", "times": 0}, "times is 0"),
        ({"kind": "refuse", "times": 1.5}, "times is 1.5"),
        ({"kind": "refuse", "share": 2}, "share is 2"),
        ({"kind": "refuse", "share": float("nan")}, "share is nan"),
        ({"kind": "refuse", "path": "v4"}, "begins with a slash"),
        ({"kind": "refuse", "method": 3}, "method is 3"),
        ({"kind": "refuse", "message": "no"}, "the engine's"),
        ({"kind": "check", "path": "/v4"}, "none of a request"),
        ({"kind": "check", "stream": "plans"}, "stream goes with loads"),
        ({"kind": "load", "source_type": "platform.recurly"}, "stream goes with loads"),
    ],
)
def test_a_fault_that_cannot_be_is_said(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        Fault(**arguments)


def test_faults_are_listed_removed_and_cleared() -> None:
    faults = Faults()
    first, second, third = faults.refuse(), faults.add(status=500), faults.delay(1)

    second.remove()
    second.remove()
    assert [fault.id for fault in faults] == [first.id, third.id] == [1, 3]
    assert len(faults) == 2
    faults.clear()
    assert list(faults) == []
    assert faults.match_request("GET", "/") == []


def test_faults_show_what_goes_wrong() -> None:
    faults = Faults()
    assert repr(faults) == "Faults(none)"
    faults.add(status=502)
    faults.fail_loads("no room")
    assert repr(faults) == "Faults(1: status 502, 2: load)"


def test_a_check_fails_with_the_message_that_was_given(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.fail_checks("HTTP-error-code: 401, Error: Unauthorized", times=1, source_type="platform.recurly")

    source_id = api.post("/v4/sources", json=recurly.CREATE).json()["id"]
    sandbox.wait_idle()

    check = api.get(f"/v4/sources/{source_id}/last-connection-check").json()
    assert (check["status"], check["discovery_error_message"]) == (
        "failed",
        "HTTP-error-code: 401, Error: Unauthorized",
    )
    assert api.get(f"/v4/sources/{source_id}").json()["report_card"]["current_step_type"] == "discover_schema"
    api.put(f"/v4/sources/{source_id}", json={"properties": {"quota_limit": "31"}})
    sandbox.wait_idle()
    assert api.get(f"/v4/sources/{source_id}").json()["report_card"]["current_step_type"] == "field_selection"


def test_the_check_of_one_type_of_destination_fails_too(api: httpx.Client, sandbox: Sandbox) -> None:
    sandbox.faults.fail_checks("no route to host", source_type="postgres")

    destination_id = api.post("/v4/destinations", json=POSTGRES).json()["id"]
    sandbox.wait_idle()

    check = api.get(f"/v4/destinations/{destination_id}/last-connection-check").json()
    assert (check["status"], check["target_error_message"]) == ("failed", "no route to host")


def test_an_extraction_fails_with_the_message_that_was_given(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    sandbox.faults.fail_extractions("the source is down", times=1)

    api.post(f"/v4/sources/{configured['id']}/sync")
    sandbox.wait_idle()

    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    assert (extraction["tap_exit_status"], extraction["tap_description"]) == (1, "the source is down")
    assert sandbox.warehouse.tables().empty


def test_a_load_fails_with_the_message_that_was_given_and_the_next_one_makes_up_for_it(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    with sandbox.faults.fail_loads("permission denied for schema recurly", stream="plans"):
        api.post(f"/v4/sources/{configured['id']}/sync")
        sandbox.wait_idle()

    loads = {load["stream_name"]: load["error_state"] for load in api.get("/v4/116078/loads").json()["data"]}
    assert loads["accounts"] is None
    assert loads["plans"]["notification_data"]["message"] == "permission denied for schema recurly"
    assert sandbox.warehouse.tables()["table"].tolist() == ["accounts"]
    api.post(f"/v4/sources/{configured['id']}/sync")
    sandbox.wait_idle()
    assert len(sandbox.warehouse.table("recurly.plans")) > 0
