"""How far a job has come, told by the sandbox while it runs and after: over HTTP, and in the process."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from gated_connector import GatedConnector
from polling import wait_until
from recurly_facts import NOON

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.connectors.seeded.connector import SeededConnector
from stitchnb.sandbox.pipeline import Batch
from stitchnb.sandbox.store import jobs


@pytest.fixture
def gated(sandbox: Sandbox, configured: dict[str, Any]) -> Iterator[GatedConnector]:
    """What the sandbox's Recurly sources are extracted with from now on."""
    connector = GatedConnector()
    sandbox.connectors["platform.recurly"] = connector
    yield connector
    # However the test ended, nothing is left waiting.
    connector.open()


def start(api: httpx.Client, source: Mapping[str, Any]) -> str:
    name: str = api.post(f"/v4/sources/{source['id']}/sync").json()["job_name"]
    return name


def states(told: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["stream_name"], one["state"], one["rows_loaded"]) for one in told["streams"]]


def test_a_job_is_told_stream_by_stream_while_it_runs(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], gated: GatedConnector
) -> None:
    name = start(api, configured)
    look = lambda: sandbox.job_progress(name)  # noqa: E731

    told = wait_until(look, lambda told: told["streams"] != [])
    assert (told["status"], told["phase"], told["completion_time"]) == ("running", "tap", None)
    assert states(told) == [("accounts", "waiting", 0), ("plans", "waiting", 0)]

    gated.let_pass()
    told = wait_until(look, lambda told: told["streams"][0]["rows_loaded"] > 0)
    assert states(told) == [("accounts", "running", 50), ("plans", "waiting", 0)]
    assert told["streams"][0]["seconds"] > 0
    assert told["log"][-1].endswith("tap    connected")

    gated.let_pass(1_000)
    told = wait_until(look, lambda told: told["status"] == "succeeded")
    rows = len(sandbox.warehouse.table("recurly.accounts")), len(sandbox.warehouse.table("recurly.plans"))
    assert states(told) == [("accounts", "loaded", rows[0]), ("plans", "loaded", rows[1])]
    assert (told["phase"], told["failure"], told["source_name"]) == ("over", None, "recurly")


def test_how_far_each_stream_was_read_is_told_and_moves_with_what_lands(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], gated: GatedConnector
) -> None:
    name = start(api, configured)
    told = wait_until(lambda: sandbox.job_progress(name), lambda told: told["streams"] != [])
    assert [one["bookmark"] for one in told["streams"]] == [None, None]

    gated.let_pass(1_000)
    told = wait_until(lambda: sandbox.job_progress(name), lambda told: told["status"] == "succeeded")
    newest = sandbox.warehouse.sql("SELECT max(updated_at) AS at FROM recurly.accounts")["at"][0]
    assert told["streams"][0]["bookmark"] == {"updated_at": f"{newest:%Y-%m-%dT%H:%M:%SZ}"}


def test_the_target_is_at_work_once_everything_was_extracted(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    # Only now, so that the check before it was not slowed down as well.
    sandbox._engine._pace_s = 30
    name = start(api, configured)
    told = wait_until(lambda: sandbox.job_progress(name), lambda told: told["phase"] == "target")
    assert [state for _, state, _ in states(told)] == ["loaded", "loaded"]
    assert told["status"] == "running"
    api.delete(f"/v4/sources/{configured['id']}/sync")


def test_a_stopped_job_tells_what_was_broken_off_and_what_was_not_reached(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], gated: GatedConnector
) -> None:
    name = start(api, configured)
    gated.let_pass()
    wait_until(lambda: sandbox.job_progress(name), lambda told: states(told)[:1] == [("accounts", "running", 50)])

    api.delete(f"/v4/sources/{configured['id']}/sync")
    gated.let_pass(1_000)
    sandbox.wait_idle()

    told = sandbox.job_progress(name)
    assert (told["status"], told["failure"]) == ("stopped", "discovery: Terminated")
    assert states(told) == [("accounts", "broken_off", 50), ("plans", "not_reached", 0)]


def test_a_job_that_fails_says_in_which_part(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], gated: GatedConnector
) -> None:
    gated.fails_at = "plans"
    gated.let_pass(1_000)
    name = start(api, configured)
    sandbox.wait_idle()

    told = sandbox.job_progress(name)
    assert (told["status"], told["failure"]) == ("failed", "tap: the tap fell over")
    assert [state for _, state, _ in states(told)] == ["broken_off", "not_reached"]


def test_a_stream_without_anything_new_is_told_as_such(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    class Nothing(SeededConnector):
        def extract(self, *args: Any, **kwargs: Any) -> Iterator[Batch]:
            return iter(())

    sandbox.connectors["platform.recurly"] = Nothing("platform.recurly", 0)
    name = start(api, configured)
    sandbox.wait_idle()
    assert [state for _, state, _ in states(sandbox.job_progress(name))] == ["no_rows", "no_rows"]


def test_rejected_rows_are_counted_apart(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    class Keyless(SeededConnector):
        def extract(self, *args: Any, **kwargs: Any) -> Iterator[Batch]:
            first, *rest = super().extract(*args, **kwargs)
            yield replace(first, records=[{**first.records[0], "id": None}, *first.records[1:]])
            yield from rest

    sandbox.connectors["platform.recurly"] = Keyless("platform.recurly", 0)
    name = start(api, configured)
    sandbox.wait_idle()
    first = sandbox.job_progress(name)["streams"][0]
    assert first["rows_rejected"] == 1
    assert first["rows_loaded"] == len(sandbox.warehouse.table("recurly.accounts"))


def test_how_many_rows_are_to_come_is_known_where_the_source_counts_them(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    with sandbox._ctx.state.transaction() as db:
        row = db.execute("SELECT metadata FROM streams WHERE tap_stream_id = 'accounts'").fetchone()
        counted = row["metadata"].replace('"table-key-properties"', '"row-count": 500, "table-key-properties"', 1)
        db.execute("UPDATE streams SET metadata = ? WHERE tap_stream_id = 'accounts'", (counted,))
    expected = []
    for _ in range(2):
        name = start(api, configured)
        sandbox.wait_idle()
        expected.append([one["rows_expected"] for one in sandbox.job_progress(name)["streams"]])
    # The second time only what is new comes, and how much that is nobody can tell.
    assert expected == [[500, None], [None, None]]


def test_every_job_is_kept_the_oldest_first(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    names = []
    for _ in range(2):
        names.append(start(api, configured))
        sandbox.wait_idle()

    assert [job["job_name"] for job in sandbox.jobs()] == names
    assert [job["job_name"] for job in sandbox.jobs(configured["id"])] == names
    assert sandbox.jobs(1) == []
    over_http = api.get("/_sandbox/jobs").json()
    assert over_http == sandbox.jobs()
    assert api.get("/_sandbox/jobs", params={"source_id": configured["id"]}).json() == over_http
    assert api.get("/_sandbox/jobs", params={"source_id": "x"}).json() == []
    assert api.get(f"/_sandbox/jobs/{names[0]}").json() == sandbox.job_progress(names[0])


def test_an_unknown_job_is_refused_on_both_ways(api: httpx.Client, sandbox: Sandbox) -> None:
    refused = api.get("/_sandbox/jobs/no-such-job")
    assert (refused.status_code, refused.json()["data"]["message"]) == (404, "there is no job no-such-job")
    with pytest.raises(InvalidInputError, match="there is no job no-such-job"):
        sandbox.job_progress("no-such-job")


@pytest.mark.parametrize("path", ["/jobs", "/jobs/one"])
@pytest.mark.parametrize(
    ("headers", "status"), [({"Authorization": "Bearer wrong"}, 401), ({"Origin": "http://127.0.0.1"}, 403)]
)
def test_it_is_guarded_as_the_api_is(api: httpx.Client, path: str, headers: dict[str, str], status: int) -> None:
    assert api.get(f"/_sandbox{path}", headers=headers).status_code == status


def test_a_stream_that_comes_again_after_another_goes_on_from_its_count(
    sandbox: Sandbox, api: httpx.Client, configured: dict[str, Any]
) -> None:
    class Mixed(SeededConnector):
        def extract(self, *args: Any, **kwargs: Any) -> Iterator[Batch]:
            *accounts, plans = super().extract(*args, **kwargs)
            yield accounts[0]
            yield plans
            yield from accounts[1:]

    sandbox.connectors["platform.recurly"] = Mixed("platform.recurly", 0)
    name = start(api, configured)
    sandbox.wait_idle()
    (_, state, rows), _ = states(sandbox.job_progress(name))
    assert (state, rows) == ("loaded", len(sandbox.warehouse.table("recurly.accounts")))


def test_a_state_of_the_version_before_is_brought_forward(tmp_path: Path, configured: dict[str, Any]) -> None:
    path = tmp_path / "old.sandbox"
    with Sandbox(path, clock=NOON, pace_s=0):
        pass
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE job_streams")
        db.execute("PRAGMA user_version = 1")
        db.commit()

    with Sandbox(path, clock=NOON, pace_s=0) as opened:
        assert opened.jobs() == []
        with opened._ctx.state.read() as db:
            assert jobs.list_streams(db, "none") == []
