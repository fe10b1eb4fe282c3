"""The jobs of a source: started, found while they run, watched, and listed when they have ended."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from panel_page import say

from stitchnb import Client, Sandbox
from stitchnb.widgets.source_jobs import SourceJobs, _took

RECURLY = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def make(sandbox: Sandbox) -> Iterator[Callable[..., SourceJobs]]:
    """Make the jobs of a configured source: ``make(client=…, select=True)``."""
    made: list[SourceJobs] = []

    def make(client: Client | None = None, *, select: bool = True) -> SourceJobs:
        client = client or sandbox.client()
        source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        if select:
            source = source.select("accounts")
        made.append(SourceJobs(client, client.sources.get(source.id)))
        return made[-1]

    yield make
    for jobs in made:
        jobs.close()


def told(jobs: SourceJobs) -> dict[str, object]:
    return jobs.children[0]._content


def wait_for(seen: Callable[[], object], timeout_s: float = 60) -> object:
    deadline = time.monotonic() + timeout_s
    while not (found := seen()):
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)
    return found


def action(jobs: SourceJobs, name: str) -> dict[str, object]:
    return next(one for one in told(jobs)["actions"] if one["name"] == name)


def test_a_press_starts_a_job_which_is_watched_and_listed(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    wait_for(lambda: told(jobs)["words"] == "No job has run yet.")
    say(jobs.children[0], "press", name="start")
    assert jobs.monitor.wait().succeeded
    (run,) = wait_for(lambda: [run for run in told(jobs)["runs"] if run["state"] == "succeeded"])
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
    (run,) = wait_for(lambda: [run for run in told(jobs)["runs"] if run["state"] == "failed"])
    assert run["name"] == job.job_name
    assert run["tone"] == "error"
    assert "disk full" in run["failure"]


def test_a_job_that_runs_is_watched_by_whoever_opens_its_source() -> None:
    with Sandbox(pace_s=2) as slow:
        client = slow.client()
        source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        source = source.select("accounts")
        job = source.start_job()
        jobs = SourceJobs(client, client.sources.get(source.id))
        assert wait_for(lambda: jobs.monitor).job.job_name == job.job_name
        wait_for(lambda: action(jobs, "start")["off"])
        assert told(jobs)["summary"] == "There is one job at a time."
        say(jobs.children[0], "press", name="start")
        assert told(jobs)["trouble"] == "", "a button that is off does nothing"
        job.stop()
        (run,) = wait_for(lambda: [run for run in told(jobs)["runs"] if run["state"] == "stopped"])
        assert (run["tone"], run["failure"]) == ("warn", ""), "that it was stopped says it all"
        jobs.close()


def test_a_second_job_is_refused_in_words() -> None:
    # Of a real account it is not told that a job runs, so that one can try.
    with Sandbox(pace_s=2) as slow, Client(slow.token, base_url=slow.url, rate_limit="off") as real:
        source = real.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        source = source.select("accounts")
        jobs = SourceJobs(real, real.sources.get(source.id))
        with slow.client() as other:
            other.jobs.start(source.id)
        say(jobs.children[0], "press", name="start")
        assert told(jobs)["trouble"] == "A job of this source is under way already: there is one at a time."
        assert jobs.monitor is None
        slow.wait_idle()
        say(jobs.children[0], "press", name="refresh")
        wait_for(lambda: told(jobs)["runs"])
        assert told(jobs)["trouble"] == ""
        jobs.close()


def test_what_was_refused_while_a_job_ran_is_not_said_any_more_once_it_has_ended() -> None:
    with Sandbox(pace_s=2) as slow, Client(slow.token, base_url=slow.url, rate_limit="off") as real:
        source = real.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        source = source.select("accounts")
        jobs = SourceJobs(real, real.sources.get(source.id))
        job = jobs.start_job()
        say(jobs.children[0], "press", name="start")
        assert "under way already" in told(jobs)["trouble"]
        job.stop()
        wait_for(lambda: told(jobs)["trouble"] == "")
        assert [run["state"] for run in told(jobs)["runs"]] == ["stopped"]
        jobs.close()


def test_a_source_that_was_deleted_elsewhere_is_told_in_words(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    jobs._client.sources.delete(jobs._source.id)
    say(jobs.children[0], "press", name="start")
    assert told(jobs)["trouble"] == "This source was deleted meanwhile. Its rows in the destination stay."


def test_before_the_steps_are_done_no_job_can_be_started(make: Callable[..., SourceJobs]) -> None:
    jobs = make(select=False)
    assert action(jobs, "start")["off"]
    assert told(jobs)["summary"] == "Jobs can be started once the steps above are done."
    jobs.told(jobs._client.sources.get(jobs._source.id).select("accounts"))
    assert not action(jobs, "start")["off"]


def test_of_a_real_account_nothing_is_asked_without_need(make: Callable[..., SourceJobs], sandbox: Sandbox) -> None:
    with Client(sandbox.token, base_url=sandbox.url, rate_limit="off") as real:
        jobs = make(real)
        asked = lambda: sum("extractions" in path for path in real.journal.to_frame()["path"])  # noqa: E731
        wait_for(lambda: told(jobs)["words"] == "No job of this source has ended yet.")
        time.sleep(1.5)
        assert asked() == 1, "30 requests in 10 minutes are all there is"
        assert not told(jobs)["tells_rows"]
        jobs.start_job()
        jobs.monitor.wait()
        (run,) = wait_for(lambda: [run for run in told(jobs)["runs"] if run["state"] != "running"])
        assert (run["state"], run["rows"]) == ("succeeded", None)
        before = asked()
        say(jobs.children[0], "press", name="refresh")
        wait_for(lambda: asked() == before + 1)


def test_a_job_of_a_real_account_that_was_started_elsewhere_on_the_page_is_listed_until_it_ends() -> None:
    with Sandbox(pace_s=2) as slow, Client(slow.token, base_url=slow.url, rate_limit="off") as real:
        source = real.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
        source.check().wait()
        source = source.select("accounts")
        jobs = SourceJobs(real, real.sources.get(source.id))
        wait_for(lambda: told(jobs)["words"] == "No job of this source has ended yet.")
        asked = len(real.journal)
        job = real.jobs.start(source.id)
        (run,) = wait_for(lambda: told(jobs)["runs"])
        assert (run["name"], run["state"], run["took"]) == (job.job_name, "running", "")
        assert run["started"]
        assert told(jobs)["words"] == ""
        assert told(jobs)["summary"] == "There is one job at a time."
        assert not action(jobs, "start")["off"], "Stitch may know that it has ended"
        assert len(real.journal) == asked + 1, "nothing is asked for that"
        assert jobs.monitor is None, "whoever started it watches it"

        again = SourceJobs(real, real.sources.get(source.id))
        assert wait_for(lambda: again.monitor).job.job_name == job.job_name, "who comes back sees it run"
        job.stop()
        for one in (jobs, again):
            (run,) = wait_for(lambda one=one: [run for run in told(one)["runs"] if run["state"] == "stopped"])
            assert run["name"] == job.job_name
            one.close()
        assert real.jobs.under_way(source.id) is None


def test_what_cannot_be_asked_is_told_and_can_be_asked_again(make: Callable[..., SourceJobs], sandbox: Sandbox) -> None:
    with Client(sandbox.token, base_url=sandbox.url, rate_limit="off") as real:
        jobs = make(real)
        wait_for(lambda: told(jobs)["words"] == "No job of this source has ended yet.")
        sandbox.faults.add(status=400, path="/v4/{client_id}/extractions", times=1)
        jobs.refresh()
        wait_for(lambda: told(jobs)["trouble"])
        jobs.refresh()
        wait_for(lambda: told(jobs)["trouble"] == "")


def test_after_it_was_closed_nothing_is_drawn(make: Callable[..., SourceJobs]) -> None:
    jobs = make()
    wait_for(lambda: told(jobs)["words"] == "No job has run yet.")
    before = told(jobs)
    jobs.close()
    assert jobs._watcher.join(30)
    assert told(jobs) is before


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (3599, "59 min 59 s"), (3660, "1 h 1 min")]
)
def test_how_long_a_job_took_is_told_in_words(seconds: float, words: str) -> None:
    begun = datetime(2026, 3, 20, tzinfo=UTC)
    assert _took(begun, begun + timedelta(seconds=seconds)) == words
    assert _took(begun, None) == ""
