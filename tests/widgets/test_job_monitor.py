"""A job while it runs, as the monitor's page is told of it, and what comes of what is pressed there."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from connection_properties import recurly_properties
from gated_connector import GatedConnector
from panel_page import say, send
from polling import LIMIT_S

from stitchnb import Client, Sandbox
from stitchnb.client import Job, JobStatus
from stitchnb.client.jobs.status import JobStream
from stitchnb.errors import AuthenticationError, InvalidInputError, JobFailedError, WaitTimeoutError
from stitchnb.widgets.jobs.monitor import JobMonitor, streams_block
from stitchnb.widgets.wizard.wizard import SourceWizard

RECURLY = recurly_properties()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0, clock="2026-03-20T14:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def gate(sandbox: Sandbox) -> Iterator[GatedConnector]:
    """Lets the first fifty rows pass, and the others once the test opens it."""
    connector = GatedConnector()
    connector.let_pass()
    sandbox.connectors["platform.recurly"] = connector
    yield connector
    connector.open()


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """A client of an account with a source that is ready to run."""
    client = sandbox.client()
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    source.select("accounts")
    source.select("plans")
    return client


@pytest.fixture
def monitors() -> Iterator[list[JobMonitor]]:
    made: list[JobMonitor] = []
    yield made
    for monitor in made:
        monitor.close()


def begin(client: Client) -> Job:
    return client.sources.list()[0].start_job()


def until(monitor: JobMonitor, *states: str) -> dict[str, Any]:
    """Wait until the card tells that the streams are like that, and give it."""
    reached = threading.Event()

    def look(change: Any = None) -> None:
        if [row["phase"] for row in monitor._content["streams"]["rows"]] == list(states):
            reached.set()

    monitor.observe(look, "_content")
    look()
    assert reached.wait(LIMIT_S), monitor._content
    return card(monitor)


def card(monitor: JobMonitor) -> dict[str, Any]:
    told: dict[str, Any] = monitor._content
    return told


def steps(monitor: JobMonitor) -> dict[str, str]:
    return {step["type"]: step["state"] for step in card(monitor)["steps"]}


def test_a_running_job_is_shown_with_the_rows_of_each_stream(
    client: Client, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    told = until(monitor, "extracting", "waiting")

    accounts, plans = told["streams"]["rows"]
    assert (accounts["rows"], accounts["share"], accounts["moves"]) == (50, None, True)
    assert accounts["rate"] > 0
    assert (plans["rows"], plans["rate"], plans["share"]) == (0, None, 0.0)
    assert told["chip"] == ["running", "ok"]
    assert steps(monitor) == {"discovery": "done", "tap": "now", "target": "next"}
    assert told["summary"] == "started 14:00:02 UTC"
    assert told["log"][-1] == "14:00:02 INFO    tap    connected"
    assert [one["name"] for one in told["actions"]] == ["stop"]
    assert monitor.result is None

    gate.open()
    assert monitor.wait(timeout_s=120).succeeded
    assert [(row["phase"], row["rows"], row["share"]) for row in card(monitor)["streams"]["rows"]] == [
        ("loaded", 141, 1.0),
        ("loaded", 3, 1.0),
    ]
    assert card(monitor)["notice"] == ["Job finished: 2 of 2 streams loaded, 144 rows", "ok"]
    assert steps(monitor) == {"discovery": "done", "tap": "done", "target": "done"}
    assert (card(monitor)["chip"], card(monitor)["actions"]) == (["succeeded", "ok"], [])


def test_a_frame_tells_the_same_as_the_table(client: Client, monitors: list[JobMonitor]) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    monitor.wait(timeout_s=120)
    frame = monitor.to_frame()
    assert frame.dtypes.astype(str).to_dict() == {
        "stream": "string",
        "state": "string",
        "rows": "Int64",
        "rows_rejected": "Int64",
        "rows_per_s": "Float64",
        "loaded_at": "datetime64[us, UTC]",
        "failure": "string",
    }
    assert frame[["stream", "state", "rows"]].to_numpy().tolist() == [
        ["accounts", "loaded", 141],
        ["plans", "loaded", 3],
    ]
    assert (frame["rows_per_s"] > 0).all()
    assert frame["loaded_at"].notna().all()


def test_a_press_on_stop_stops_the_job_and_the_card_says_so(
    client: Client, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    until(monitor, "extracting", "waiting")
    say(monitor, "press", name="stop")
    assert card(monitor)["chip"] == ["stopping", "warn"]
    assert card(monitor)["actions"][0]["off"] is True

    gate.open()
    with pytest.raises(JobFailedError, match=r"was stopped$") as failed:
        monitor.wait(timeout_s=120)
    assert failed.value.result is monitor.result
    assert (card(monitor)["chip"], card(monitor)["actions"]) == (["stopped", "warn"], [])
    assert "Rows that were loaded are kept" in card(monitor)["notice"][0]
    assert steps(monitor) == {"discovery": "done", "tap": "failed", "target": "next"}
    until(monitor, "broken off", "not loaded")


def test_a_job_that_is_over_is_not_stopped_in_place_of_the_next(client: Client, monitors: list[JobMonitor]) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    monitor.wait(timeout_s=120)
    asked = len(client.journal)
    monitor.stop()
    say(monitor, "press", name="stop")
    assert len(client.journal) == asked


@pytest.mark.parametrize(
    ("part", "states"),
    [
        ("tap", {"discovery": "done", "tap": "failed", "target": "next"}),
        ("target", {"discovery": "done", "tap": "done", "target": "failed"}),
    ],
)
def test_a_job_that_fails_says_in_which_part_and_why(
    client: Client, sandbox: Sandbox, monitors: list[JobMonitor], part: str, states: dict[str, str]
) -> None:
    fail = sandbox.faults.fail_extractions if part == "tap" else sandbox.faults.fail_loads
    with fail("it fell over"):
        monitor = JobMonitor(begin(client))
        monitors.append(monitor)
        with pytest.raises(JobFailedError, match=f"{part}: it fell over"):
            monitor.wait(timeout_s=120)
    assert card(monitor)["chip"] == ["failed", "error"]
    assert card(monitor)["notice"] == [f"The job failed in {part}: it fell over", "error"]
    assert steps(monitor) == states


def test_a_real_account_shows_loads_and_says_that_it_tells_no_rows(
    client: Client, sandbox: Sandbox, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    with Client(sandbox.token, base_url=sandbox.url) as account:
        monitor = JobMonitor(begin(account))
        monitors.append(monitor)
        told = until(monitor, "extracting", "extracting")
        assert told["streams"]["tells_rows"] is False
        assert told["hint"].startswith("A real account reports which streams are loaded")
        assert [row["rows"] for row in told["streams"]["rows"]] == [None, None]
        assert steps(monitor) == {"extracting": "now", "loading": "next"}
        assert told["summary"].startswith("watched since ")

        gate.open()
        assert monitor.wait(timeout_s=120).succeeded
        told = until(monitor, "loaded", "loaded")
        assert told["hint"] == ""
        assert told["streams"]["rows"][0]["loaded"].startswith("2026-03-20 14:00:")
        assert told["notice"] == ["Job finished: 2 of 2 streams loaded", "ok"]
        assert monitor.to_frame()["rows"].isna().all()

        say(monitor, "press", name="log")
        assert card(monitor)["log"][-1].endswith("job    succeeded")
        assert card(monitor)["actions"] == []


def test_what_goes_wrong_while_it_looks_is_said_and_one_can_look_again(
    client: Client, sandbox: Sandbox, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    job = begin(client)
    with sandbox.faults.add(status=401, path="/v4/*/extractions"):
        monitor = JobMonitor(job)
        monitors.append(monitor)
        with pytest.raises(AuthenticationError):
            monitor.wait(timeout_s=120)
    assert card(monitor)["chip"] == ["not watched", "warn"]
    assert card(monitor)["notice"][0].endswith("The job keeps running in Stitch.")
    gate.open()
    say(monitor, "press", name="again")
    assert monitor.wait(timeout_s=120).succeeded


def test_a_stop_that_is_refused_is_said_and_the_job_is_watched_on(
    client: Client, sandbox: Sandbox, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    until(monitor, "extracting", "waiting")
    with sandbox.faults.add(status=401, path="/v4/sources/{source_id}/sync"):
        say(monitor, "press", name="stop")
    assert "401" in card(monitor)["notice"][0]
    assert card(monitor)["chip"] == ["running", "ok"]
    gate.open()
    assert monitor.wait(timeout_s=120).succeeded


def test_it_can_be_waited_for_without_waiting_for_ever(
    client: Client, gate: GatedConnector, monitors: list[JobMonitor]
) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    with pytest.raises(WaitTimeoutError, match=r"is still running after 0\.05 s"):
        monitor.wait(timeout_s=0.05)


def test_a_closed_monitor_looks_no_more_and_the_job_goes_on(client: Client, gate: GatedConnector) -> None:
    job = begin(client)
    monitor = JobMonitor(job)
    until(monitor, "extracting", "waiting")
    monitor.close()
    gate.open()
    assert job.wait().succeeded
    with pytest.raises(InvalidInputError, match=r"Call job\.wait\(\)"):
        monitor.wait(timeout_s=120)


def test_a_job_of_an_asynchronous_client_is_refused(sandbox: Sandbox) -> None:
    job: Any = Job.from_response(sandbox.async_client(), {"job_name": "116078.1.sync.x"}, {"source_id": 1})
    with pytest.raises(InvalidInputError, match=r"Await job\.watch\(\)"):
        JobMonitor(job)


@pytest.mark.parametrize(
    "message", [{"type": "press", "name": "delete"}, {"type": "press"}, {"type": "sing", "name": "stop"}, "stop", {}]
)
def test_what_no_page_of_ours_says_changes_nothing(
    client: Client, gate: GatedConnector, monitors: list[JobMonitor], message: Any
) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    until(monitor, "extracting", "waiting")
    send(monitor, message)
    assert card(monitor)["chip"] == ["running", "ok"]
    gate.open()
    assert monitor.wait(timeout_s=120).succeeded


def test_many_streams_are_shown_in_part_and_what_goes_on_comes_first() -> None:

    table = (
        *(JobStream(f"s{n}", "waiting", rows=0, rows_rejected=0) for n in range(80)),
        JobStream("now", "tap", rows=5),
    )
    block = streams_block(JobStatus("extracting", "extracting", table=table, part="tap"))
    assert (block["rows"][0]["name"], len(block["rows"]), block["more"]) == ("now", 50, 31)


def test_its_text_is_the_same_however_far_the_job_is(client: Client, monitors: list[JobMonitor]) -> None:
    monitor = JobMonitor(begin(client))
    monitors.append(monitor)
    before = repr(monitor), monitor._table()
    monitor.wait(timeout_s=120)
    assert (repr(monitor), monitor._table()) == before
    assert "monitor.to_frame()" in monitor._table()


def test_in_a_notebook_a_watched_job_is_a_monitor(
    client: Client, monitors: list[JobMonitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stitchnb.client.jobs.jobs.in_notebook", lambda: True)
    monitor: Any = begin(client).watch()
    monitors.append(monitor)
    assert isinstance(monitor, JobMonitor)
    assert monitor.wait(timeout_s=120).succeeded


def test_a_wizards_run_step_shows_the_same_table(client: Client) -> None:
    wizard = SourceWizard(client, source=client.sources.list()[0].id)
    wizard.start_job()
    wizard.wait(timeout_s=120)
    panel: Any = wizard.children[1]
    (block,) = [block for block in panel._content["blocks"] if block["kind"] == "streams"]
    assert [(row["name"], row["phase"], row["rows"]) for row in block["rows"]] == [
        ("accounts", "loaded", 141),
        ("plans", "loaded", 3),
    ]
    wizard.close()
