"""The jobs of a source: started, found while they run, watched, and listed when they have ended."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from connection_properties import recurly_properties
from form_page import Wire
from gated_connector import GatedConnector
from panel_page import say, wait_until_unwatched
from polling import LIMIT_S, wait_until

from stitchnb import Client, Sandbox
from stitchnb.client import Source
from stitchnb.errors import JobFailedError
from stitchnb.widgets.jobs import source_jobs
from stitchnb.widgets.jobs.source_jobs import SourceJobs, _duration


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z") as sandbox:
        yield sandbox
        wait_until_unwatched()


@pytest.fixture
def make(sandbox: Sandbox) -> Iterator[Callable[..., SourceJobs]]:
    """Make the jobs of a configured source: ``make(client=…, select=True)``."""
    made: list[SourceJobs] = []

    def make(client: Client | None = None, *, select: bool = True) -> SourceJobs:
        client = client or sandbox.client()
        source = client.sources.create("platform.recurly", display_name="Recurly", properties=recurly_properties())
        source.check().wait()
        if select:
            source = source.select("accounts")
        made.append(SourceJobs(client, client.sources.get(source.id)))
        return made[-1]

    yield make
    for jobs in made:
        jobs.close()


@pytest.fixture
def gated(sandbox: Sandbox) -> Iterator[GatedConnector]:
    """What the sandbox's Recurly jobs wait for: each goes on until it is stopped or let pass."""
    connector = GatedConnector()
    sandbox.connectors["platform.recurly"] = connector
    yield connector
    connector.open()


@pytest.fixture
def real(sandbox: Sandbox) -> Iterator[Client]:
    """A client that takes the sandbox for a real account."""
    with Client(sandbox.token, base_url=sandbox.url, rate_limit="off") as client:
        yield client
        wait_until_unwatched()


def selected_source(client: Client) -> Source:
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=recurly_properties())
    source.check().wait()
    source.select("accounts")
    return client.sources.get(source.id)


def told(jobs: SourceJobs) -> dict[str, object]:
    return jobs.children[0]._content


def action(jobs: SourceJobs, name: str) -> dict[str, object]:
    return next(one for one in told(jobs)["actions"] if one["name"] == name)


def test_a_press_starts_a_job_which_is_watched_and_listed(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    wait_until(lambda: told(jobs)["words"] == "No job has run yet.")
    say(jobs.children[0], "press", name="start")
    assert jobs.monitor.wait().succeeded
    (run,) = wait_until(lambda: [run for run in told(jobs)["runs"] if run["state"] == "succeeded"])
    rows = int(jobs.monitor.to_frame()["rows"].sum())
    assert (run["tone"], run["rows"]) == ("ok", f"{rows:,}")
    assert run["started"].startswith("2026-03-20 16:00:")
    assert jobs.children == (jobs.children[0], jobs.monitor)


def test_a_job_that_something_else_started_is_listed_with_why_it_failed(
    make: Callable[..., SourceJobs], sandbox: Sandbox
) -> None:
    jobs = make()
    sandbox.faults.fail_loads(stream="accounts", message="disk full")
    with sandbox.client() as other:
        job = other.jobs.start(jobs._source.id)
    (run,) = wait_until(lambda: [run for run in told(jobs)["runs"] if run["state"] == "failed"])
    assert run["name"] == job.job_name
    assert run["tone"] == "error"
    assert "disk full" in run["failure"]


def test_a_job_that_runs_is_watched_by_whoever_opens_its_source(sandbox: Sandbox, gated: GatedConnector) -> None:
    client = sandbox.client()
    source = selected_source(client)
    job = source.start_job()
    jobs = SourceJobs(client, source)
    assert wait_until(lambda: jobs.monitor).job.job_name == job.job_name
    wait_until(lambda: action(jobs, "start")["off"])
    assert told(jobs)["summary"] == "Only one job can run at a time."
    say(jobs.children[0], "press", name="start")
    assert told(jobs)["trouble"] == "", "a button that is off does nothing"
    job.stop()
    (run,) = wait_until(lambda: [run for run in told(jobs)["runs"] if run["state"] == "stopped"])
    assert (run["tone"], run["failure"]) == ("warn", ""), "that it was stopped says it all"
    jobs.close()


def test_a_second_job_is_refused_in_words(real: Client, sandbox: Sandbox, gated: GatedConnector) -> None:
    # Of a real account it is not told that a job runs, so that one can try.
    source = selected_source(real)
    jobs = SourceJobs(real, source)
    with sandbox.client() as other:
        other.jobs.start(source.id)
    say(jobs.children[0], "press", name="start")
    assert told(jobs)["trouble"] == "A job of this source is already running. Only one can run at a time."
    assert jobs.monitor is None
    gated.open()
    sandbox.wait_idle()
    say(jobs.children[0], "press", name="refresh")
    wait_until(lambda: told(jobs)["runs"])
    assert told(jobs)["trouble"] == ""
    jobs.close()


def contradictions(sent: list[dict[str, Any]]) -> list[str]:
    """What does not fit together within one content that the page was sent, or from one to the next."""
    found = []
    listed: set[str] = set()
    for content in sent:
        names = [run["name"] for run in content["runs"]]
        is_running = any(run["state"] == "running" for run in content["runs"])
        if len(names) != len(set(names)):
            found.append(f"a job is listed twice: {names}")
        if not listed <= set(names):
            found.append(f"a job that was listed is gone: {listed - set(names)}")
        if (content["summary"] == "Only one job can run at a time.") != is_running:
            found.append(f"the summary does not fit the rows: {content['summary']!r}, {content['runs']}")
        if (names and content["words"].startswith("No job")) or not (names or content["words"]):
            found.append(f"the words do not fit the rows: {content['words']!r}, {names}")
        if "already running" in content["trouble"] and names and not is_running:
            found.append("the refusal stands beside a job that has ended")
        listed = set(names)
    return found


def without_its_refusal(sent: list[dict[str, Any]]) -> list[list[str]]:
    """The states of the rows in every content that was sent after the refusal was taken away."""
    refused = [i for i, content in enumerate(sent) if "already running" in content["trouble"]]
    return [[run["state"] for run in content["runs"]] for content in sent[refused[-1] + 1 :]]


class PausedHistory:
    """The history of a client's jobs, which is read at once and returned when the test says so."""

    def __init__(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        self.was_read = threading.Event()
        self.go_on = threading.Event()
        self._read = client.jobs.history
        monkeypatch.setattr(client.jobs, "history", self._paused)

    def _paused(self, source_id: int) -> object:
        found = self._read(source_id)
        self.was_read.set()
        assert self.go_on.wait(LIMIT_S)
        return found


def test_a_refusal_goes_in_the_update_that_shows_the_job_ended(
    real: Client, gated: GatedConnector, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = selected_source(real)
    history = PausedHistory(real, monkeypatch)
    jobs = SourceJobs(real, source)
    assert history.was_read.wait(LIMIT_S)
    job = jobs.start_job()
    say(jobs.children[0], "press", name="start")
    assert "already running" in told(jobs)["trouble"]
    # The first history comes while the job still runs: it is no news about the job.
    history.go_on.set()
    wait_until(lambda: jobs._runs is not None)
    assert "already running" in told(jobs)["trouble"]
    job.stop()
    wait_until(lambda: told(jobs)["trouble"] == "")
    sent = wire.contents(jobs.children[0])
    assert without_its_refusal(sent) == [["stopped"]]
    assert contradictions(sent) == []
    jobs.close()


def test_a_job_that_ends_while_the_history_is_read_stays_listed(
    real: Client, gated: GatedConnector, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = selected_source(real)
    history = PausedHistory(real, monkeypatch)
    jobs = SourceJobs(real, source)
    job = jobs.start_job()
    say(jobs.children[0], "press", name="start")
    assert history.was_read.wait(LIMIT_S)
    job.stop()
    # The monitor sees the end after the paused history was read without it.
    with pytest.raises(JobFailedError):
        jobs.monitor.wait()
    history.go_on.set()
    wait_until(lambda: told(jobs)["trouble"] == "")
    sent = wire.contents(jobs.children[0])
    assert without_its_refusal(sent) == [["stopped"]]
    assert contradictions(sent) == []
    jobs.close()


def test_a_history_that_was_read_before_a_job_began_does_not_take_it_away(
    sandbox: Sandbox, gated: GatedConnector, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sandbox.client()
    source = selected_source(client)
    history = PausedHistory(client, monkeypatch)
    jobs = SourceJobs(client, source)
    looking = jobs._watcher
    assert history.was_read.wait(LIMIT_S)
    job = jobs.start_job()
    history.go_on.set()
    assert looking.join(LIMIT_S)
    job.stop()
    wait_until(lambda: [run["state"] for run in told(jobs)["runs"]] == ["stopped"])
    assert contradictions(wire.contents(jobs.children[0])) == []
    jobs.close()


def test_a_source_that_was_deleted_elsewhere_is_told_in_words(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    jobs._client.sources.delete(jobs._source.id)
    say(jobs.children[0], "press", name="start")
    assert told(jobs)["trouble"] == "This source was deleted. Its rows in the destination are kept."


def test_before_the_steps_are_done_no_job_can_be_started(make: Callable[..., SourceJobs]) -> None:
    jobs = make(select=False)
    assert action(jobs, "start")["off"]
    assert told(jobs)["summary"] == "Finish the steps above to start jobs."
    jobs.update_source(jobs._client.sources.get(jobs._source.id).select("accounts"))
    assert not action(jobs, "start")["off"]


class Looks:
    """Counts the looks that watchers begin, which come at once one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._count = 0
        look = SourceJobs._poll

        def counted(*args: Any) -> bool:
            self._count += 1
            return look(*args)

        monkeypatch.setattr(SourceJobs, "_poll", counted)
        monkeypatch.setattr(source_jobs, "_POLL_S", 0.01)

    def wait_for_more(self, count: int) -> None:
        # One that has begun ends before the next one begins.
        before = self._count
        wait_until(lambda: self._count, lambda now: now > before + count, what=f"{count} more looks")


def test_of_a_real_account_nothing_is_asked_without_need(
    real: Client, make: Callable[..., SourceJobs], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(monkeypatch)
    jobs = make(real)
    asked = lambda: sum("extractions" in path for path in real.journal.to_frame()["path"])  # noqa: E731
    wait_until(lambda: told(jobs)["words"] == "No job of this source has finished yet.")
    looks.wait_for_more(3)
    assert asked() == 1, "30 requests in 10 minutes are all there is"
    assert not told(jobs)["tells_rows"]
    jobs.start_job()
    jobs.monitor.wait()
    (run,) = wait_until(lambda: [run for run in told(jobs)["runs"] if run["state"] != "running"])
    assert (run["state"], run["rows"]) == ("succeeded", None)
    before = asked()
    say(jobs.children[0], "press", name="refresh")
    wait_until(lambda: asked() == before + 1)


def test_a_job_of_a_real_account_that_was_started_elsewhere_on_the_page_is_listed_until_it_ends(
    real: Client, gated: GatedConnector
) -> None:
    source = selected_source(real)
    jobs = SourceJobs(real, source)
    wait_until(lambda: told(jobs)["words"] == "No job of this source has finished yet.")
    asked = len(real.journal)
    job = real.jobs.start(source.id)
    (run,) = wait_until(lambda: told(jobs)["runs"])
    assert (run["name"], run["state"], run["took"]) == (job.job_name, "running", "")
    assert run["started"]
    assert told(jobs)["words"] == ""
    assert told(jobs)["summary"] == "Only one job can run at a time."
    assert not action(jobs, "start")["off"], "Stitch may know that it has ended"
    assert len(real.journal) == asked + 1, "nothing is asked for that"
    assert jobs.monitor is None, "whoever started it watches it"

    again = SourceJobs(real, real.sources.get(source.id))
    assert wait_until(lambda: again.monitor).job.job_name == job.job_name, "who comes back sees it run"
    job.stop()
    for one in (jobs, again):
        (run,) = wait_until(lambda one=one: [run for run in told(one)["runs"] if run["state"] == "stopped"])
        assert run["name"] == job.job_name
        one.close()
    assert real.jobs.under_way(source.id) is None


def test_what_cannot_be_asked_is_told_and_can_be_asked_again(
    real: Client, make: Callable[..., SourceJobs], sandbox: Sandbox
) -> None:
    jobs = make(real)
    wait_until(lambda: told(jobs)["words"] == "No job of this source has finished yet.")
    sandbox.faults.add(status=400, path="/v4/{client_id}/extractions", times=1)
    jobs.refresh()
    wait_until(lambda: told(jobs)["trouble"])
    jobs.refresh()
    wait_until(lambda: told(jobs)["trouble"] == "")


def test_after_it_was_closed_nothing_is_drawn(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    wait_until(lambda: told(jobs)["words"] == "No job has run yet.")
    before = told(jobs)
    jobs.close()
    assert jobs._watcher.join(30)
    assert told(jobs) is before


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3660, "1 h 1 min")]
)
def test_how_long_a_job_took_is_told_in_words(seconds: float, words: str) -> None:
    begun = datetime(2026, 3, 20, tzinfo=UTC)
    assert _duration(begun, begun + timedelta(seconds=seconds)) == words
    assert _duration(begun, None) == ""
