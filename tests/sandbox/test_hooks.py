"""Post-load hooks: really delivered, to this machine only, and no load ever fails by one."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from destination_facts import POSTGRES
from hook_receiver import receiving, self_signed
from recurly_facts import NOON

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.jobs.hooks import HookDeliveries

HOOKS = "/notifications/public/v1/api/hooks"


def add_hook(api: httpx.Client, url: str, **change: Any) -> int:
    destination_id = api.get("/v4/destinations").json()[0]["id"]
    body = {"type": "post_load", "destination_id": destination_id, "config": {"url": url}, **change}
    created = api.post(HOOKS, json=body)
    assert created.status_code == 200, created.text
    return int(created.json()["id"])


def run(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> None:
    assert "job_name" in api.post(f"/v4/sources/{source['id']}/sync").json()
    sandbox.wait_idle()


def outcomes(sandbox: Sandbox) -> list[tuple[str, int, int | None]]:
    return [(d["status"], d["tries"], d["status_code"]) for d in sandbox.hook_deliveries()]


def test_every_loaded_table_is_told_of_once(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    with receiving() as receiver:
        hook_id = add_hook(api, receiver.url)
        run(api, sandbox, configured)

    assert sorted(body["source_root_table_name"] for body in receiver.bodies) == ["accounts", "plans"]
    assert outcomes(sandbox) == [("delivered", 1, 200)] * 2
    delivery = sandbox.hook_deliveries()[0]
    assert (delivery["hook_id"], delivery["url"], delivery["source_id"]) == (hook_id, receiver.url, configured["id"])
    assert delivery["error"] is None
    assert delivery["ended_at"] is not None
    assert delivery["body"] in receiver.bodies


def test_the_request_is_the_documented_one(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    with receiving() as receiver:
        add_hook(api, receiver.url)
        run(api, sandbox, configured)

    headers = receiver.headers[0]
    assert headers["user-agent"] == "StitchLoadingWebhook"
    assert headers["content-type"] == "application/json"
    assert "authorization" not in headers
    (body,) = [body for body in receiver.bodies if body["source_root_table_name"] == "accounts"]
    rows = sandbox.warehouse.table("recurly.accounts")
    (version,) = set(rows["_sdc_table_version"])
    told = body["tables"][0]
    assert body == {
        "version": "1.0",
        "minimum_sdc_batched_at": "2026-03-20T12:00:02.000Z",
        "integration_name": "recurly",
        "new_version": False,
        "source_root_table_name": "accounts",
        "destination_root_table_name": "accounts",
        "table_version": version,
        "tables": [
            {
                "source_table_name": "accounts",
                "destination_table_name": "accounts",
                "num_rows": len(rows),
                "num_rows_rejected": 0,
                "primary_keys": ["id"],
                "bookmark_metadata": told["bookmark_metadata"],
                "max_time_extracted": told["max_time_extracted"],
            }
        ],
    }
    (bookmark,) = told["bookmark_metadata"]
    seen = sorted(value.isoformat()[:19] for value in rows["updated_at"])
    assert bookmark["key"] == "updated_at"
    assert [bookmark["min_value"][:19], bookmark["max_value"][:19]] == [seen[0], seen[-1]]


def test_a_receiver_with_a_certificate_of_its_own_is_served(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], tmp_path: Path
) -> None:
    with receiving(certificate=self_signed(tmp_path)) as receiver:
        assert receiver.url.startswith("https://")
        add_hook(api, receiver.url)
        run(api, sandbox, configured)

    assert len(receiver.bodies) == 2
    assert outcomes(sandbox) == [("delivered", 1, 200)] * 2


def test_a_failing_receiver_is_tried_five_times_and_the_load_is_good(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    with receiving(503) as receiver:
        add_hook(api, receiver.url)
        run(api, sandbox, configured)

    assert len(receiver.bodies) == 10, "two tables, five times each"
    assert outcomes(sandbox) == [("failed", 5, 503)] * 2
    assert sandbox.hook_deliveries()[0]["error"] == "the answer was 503"
    loads = api.get("/v4/116078/loads").json()["data"]
    assert [load["error_state"] for load in loads] == [None, None]
    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    assert extraction["target_exit_status"] == 0


def test_a_receiver_that_recovers_is_told_the_same(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    with receiving(500, 302, 404, 204) as receiver:
        add_hook(api, receiver.url)
        api.put(
            f"/v4/sources/{configured['id']}/streams/metadata",
            json={
                "streams": [
                    {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": False}}]}
                ]
            },
        )
        run(api, sandbox, configured)

    assert outcomes(sandbox) == [("delivered", 4, 204)], "a redirection is no delivery, and is not followed"
    assert [body == receiver.bodies[0] for body in receiver.bodies] == [True] * 4


def test_nobody_listening_is_tried_five_times(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    with receiving() as receiver:
        pass
    add_hook(api, receiver.url)

    run(api, sandbox, configured)

    assert outcomes(sandbox) == [("failed", 5, None)] * 2
    assert sandbox.hook_deliveries()[0]["error"].startswith("no answer: ")


def test_no_answer_in_time_is_a_failure(sandbox: Sandbox, api: httpx.Client, configured: dict[str, Any]) -> None:
    hasty = HookDeliveries(sandbox._ctx, timeout_s=0.2, backoff_s=0.001)
    sandbox._engine._hooks = hasty
    with receiving(None) as receiver:
        add_hook(api, receiver.url)
        run(api, sandbox, configured)

    # How many of the ten were read before they were broken off is up to how busy the machine is.
    assert len(receiver.bodies) <= 10
    assert outcomes(sandbox) == [("failed", 5, None)] * 2
    assert {d["error"] for d in sandbox.hook_deliveries()} == {"no answer within 0.2 seconds"}


def test_a_hook_for_another_machine_is_kept_and_never_connected_to(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whatever leaves the machine fails every test (see tests/loopback.py); here a proxy invites it to.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9/")
    add_hook(api, "https://hooks.example.com/catch/1")

    run(api, sandbox, configured)

    assert outcomes(sandbox) == [("not_sent", 0, None)] * 2
    delivery = sandbox.hook_deliveries()[0]
    assert delivery["error"].startswith("not sent: the sandbox delivers to addresses of this machine only")
    assert delivery["body"]["source_root_table_name"] == "accounts"


def test_a_disabled_hook_is_told_nothing(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    with receiving() as receiver:
        hook_id = add_hook(api, receiver.url)
        api.put(f"{HOOKS}/{hook_id}", json={"enable": False})
        run(api, sandbox, configured)

    assert receiver.bodies == []
    assert sandbox.hook_deliveries() == []


def test_a_hook_is_told_nothing_of_another_destinations_loads(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    other = api.post("/v4/destinations", json={**POSTGRES, "ignore_unmapped_sources": True}).json()["id"]
    with receiving() as receiver:
        add_hook(api, receiver.url, destination_id=other)
        run(api, sandbox, configured)

    assert receiver.bodies == []
    assert sandbox.hook_deliveries() == []


def test_a_hook_that_is_deleted_meanwhile_is_told_no_more() -> None:
    with Sandbox(clock=NOON, pace_s=0) as sandbox, receiving(None) as receiver, client_of(sandbox) as api:
        sandbox._engine._hooks = HookDeliveries(sandbox._ctx, timeout_s=0.2, backoff_s=0.001)
        source = configure(api, sandbox)
        hook_id = add_hook(api, receiver.url)
        api.post(f"/v4/sources/{source['id']}/sync")
        receiver.came.wait()
        api.delete(f"{HOOKS}/{hook_id}")
        sandbox.wait_idle()

        assert outcomes(sandbox) == [("dropped", 1, None)]
        assert len(receiver.bodies) == 1


def test_closing_does_not_wait_for_a_receiver_and_opening_again_delivers(tmp_path: Path) -> None:
    path = tmp_path / "acme.sandbox"
    with receiving(None, 200) as receiver:
        with Sandbox(path, clock=NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
            source = configure(api, sandbox)
            add_hook(api, receiver.url)
            api.post(f"/v4/sources/{source['id']}/sync")
            receiver.came.wait()
            assert outcomes(sandbox) == [("waiting", 0, None)]
        with Sandbox(path, clock=NOON, pace_s=0) as again:
            again.wait_idle()
            assert outcomes(again) == [("delivered", 1, 200)]

    assert receiver.bodies[0] == receiver.bodies[1]


def test_a_reset_breaks_deliveries_off_and_forgets_them() -> None:
    with Sandbox(clock=NOON, pace_s=0) as sandbox, receiving(None, 200) as receiver, client_of(sandbox) as api:
        source = configure(api, sandbox)
        add_hook(api, receiver.url)
        api.post(f"/v4/sources/{source['id']}/sync")
        receiver.came.wait()

        sandbox.reset()
        assert sandbox.hook_deliveries() == []

        source = configure(api, sandbox)
        add_hook(api, receiver.url)
        api.post(f"/v4/sources/{source['id']}/sync")
        sandbox.wait_idle()
        assert outcomes(sandbox) == [("delivered", 1, 200)]


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})


def configure(api: httpx.Client, sandbox: Sandbox) -> dict[str, Any]:
    """A Recurly source with one stream selected."""
    created: dict[str, Any] = api.post("/v4/sources", json=recurly.CREATE).json()
    sandbox.wait_idle()
    selection = {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
    api.put(f"/v4/sources/{created['id']}/streams/metadata", json={"streams": [selection]})
    return created
