"""The clock and what falls due: each job at its own time, none lost to another's trouble."""

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from polling import wait_until
from recurly_facts import NOON

from stitchnb.models import format_time, parse_time
from stitchnb.sandbox import Clock, Sandbox

SELECT = {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}


def client_of(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token.reveal()}"})


def configure(sandbox: Sandbox, api: httpx.Client, name: str, **properties: str) -> int:
    """Create a source that replicates plans by a schedule."""
    given = {**recurly.CREATE["properties"], **properties}
    source_id: int = api.post("/v4/sources", json={**recurly.CREATE, "display_name": name, "properties": given}).json()[
        "id"
    ]
    sandbox.wait_idle()
    api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [SELECT]}).raise_for_status()
    return source_id


def jobs_of(sandbox: Sandbox, source_id: int) -> list[tuple[str, str]]:
    """Start times and outcomes of a source's jobs, the first first."""
    with sandbox._ctx.state.read() as db:
        rows = db.execute("SELECT start_time, status FROM jobs WHERE source_id = ? ORDER BY number", (source_id,))
        return [(row["start_time"], row["status"]) for row in rows]


def next_fire(api: httpx.Client, source_id: int) -> str:
    time: str = api.get(f"/v4/sources/{source_id}").json()["schedule"]["next_fire_time"]
    return time


# -- the clock --------------------------------------------------------------------------------------------------------


def test_a_frozen_clock_stands_still_until_it_is_moved() -> None:
    clock = Clock(NOON)

    assert clock.now() == clock.now() == datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert clock.advance(hours=6) == clock.now() == datetime(2026, 3, 20, 18, tzinfo=UTC)
    assert clock.advance_to(datetime(2026, 3, 21, tzinfo=UTC)) == datetime(2026, 3, 21, tzinfo=UTC)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance_to(datetime(2026, 3, 20, tzinfo=UTC))


def test_a_real_clock_goes_on_from_where_it_was_moved_to() -> None:
    clock = Clock()

    ahead = clock.advance(days=1) - datetime.now(UTC)

    assert abs(ahead - timedelta(days=1)) < timedelta(minutes=1)
    assert clock.now() - datetime.now(UTC) > timedelta(hours=23)
    clock.reset_offset()
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_work_that_begins_on_a_frozen_clock_has_a_clock_of_its_own() -> None:
    clock = Clock(NOON)

    own = clock.snapshot()
    own.simulate_work(40)

    assert (own.now() - clock.now()).total_seconds() == 40
    real = Clock()
    assert real.snapshot() is real


def test_a_real_clock_is_as_far_ahead_after_a_restart(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme", pace_s=0) as sandbox:
        before = sandbox.clock.advance(days=3)

    with Sandbox(tmp_path / "acme", pace_s=0) as again:
        assert before <= again.clock.now() < before + timedelta(hours=1)


# -- the schedules ----------------------------------------------------------------------------------------------------


def test_each_job_starts_at_its_own_time_though_another_is_still_running(sandbox: Sandbox, api: httpx.Client) -> None:
    anchor = {"frequency_in_minutes": "60", "anchor_time": "2026-03-20T13:00:00Z"}
    ids = [configure(sandbox, api, name, **anchor) for name in ("one", "two", "three")]

    sandbox.clock.advance_to(datetime(2026, 3, 20, 14, 30, tzinfo=UTC))

    for source_id in ids:
        assert jobs_of(sandbox, source_id) == [
            ("2026-03-20T13:00:00Z", "succeeded"),
            ("2026-03-20T14:00:00Z", "succeeded"),
        ]
        assert next_fire(api, source_id) == "2026-03-20T15:00:00Z"


def test_the_clock_never_stops_before_what_it_let_happen_has_ended(sandbox: Sandbox, api: httpx.Client) -> None:
    source_id = configure(sandbox, api, "one", frequency_in_minutes="60", anchor_time="2026-03-20T13:00:00Z")

    now = sandbox.clock.advance_to(datetime(2026, 3, 20, 13, 0, 1, tzinfo=UTC))

    (extraction,) = api.get("/v4/116078/extractions").json()["data"]
    assert extraction["source_id"] == source_id
    assert extraction["start_time"] == "2026-03-20T13:00:00Z"
    assert parse_time(extraction["completion_time"]) <= now


@pytest.fixture
def slow() -> Iterator[Sandbox]:
    """A sandbox whose jobs that were started by hand run until they are stopped."""
    with Sandbox(clock=NOON, pace_s=600) as sandbox:
        yield sandbox


def test_a_job_still_running_when_the_next_is_due_means_that_one_is_skipped(slow: Sandbox) -> None:
    with slow, client_of(slow) as api:
        # An incomplete form keeps the check away, which would take as long as the job.
        created = api.post("/v4/sources", json={**recurly.CREATE, "properties": {}}).json()
        with slow._ctx.state.transaction() as db:
            properties = '{"frequency_in_minutes": "60", "anchor_time": "2026-03-20T13:00:00Z"}'
            db.execute(
                "UPDATE sources SET properties = ?, scheduled_at = ?, next_fire_at = '2026-03-20T13:00:00Z'",
                (properties, NOON),
            )
        held = api.post(f"/v4/sources/{created['id']}/sync").json()["job_name"]
        (running,) = api.get("/_sandbox").json()["running"]
        assert running == held

        slow.clock.advance_to(datetime(2026, 3, 20, 13, 30, tzinfo=UTC))
        assert jobs_of(slow, created["id"]) == [(NOON, "running")], "13:00 is skipped"
        assert api.get("/_sandbox").json()["running"] == [held]

        api.delete(f"/v4/sources/{created['id']}/sync")
        slow.wait_idle()
        slow.clock.advance_to(datetime(2026, 3, 20, 14, 30, tzinfo=UTC))
        assert [start for start, _ in jobs_of(slow, created["id"])] == [NOON, "2026-03-20T14:00:00Z"]


def test_a_start_that_a_frozen_clock_passed_in_the_middle_of_a_job_is_skipped_too(
    sandbox: Sandbox, api: httpx.Client
) -> None:
    source_id = configure(sandbox, api, "one", frequency_in_minutes="60", anchor_time="2026-03-20T13:00:00Z")
    sandbox.clock.advance_to(datetime(2026, 3, 20, 12, 59, 25, tzinfo=UTC))

    api.post(f"/v4/sources/{source_id}/sync")
    sandbox.wait_idle()
    assert sandbox.clock.now() > datetime(2026, 3, 20, 13, 0, tzinfo=UTC)
    sandbox.clock.advance_to(datetime(2026, 3, 20, 14, 30, tzinfo=UTC))

    assert [start for start, _ in jobs_of(sandbox, source_id)] == ["2026-03-20T12:59:25Z", "2026-03-20T14:00:00Z"]


def test_a_schedule_closer_than_its_jobs_take_skips_those_in_between(sandbox: Sandbox, api: httpx.Client) -> None:
    source_id = configure(sandbox, api, "one", cron_expression="0/20 * * * * ?")

    sandbox.clock.advance_to(datetime(2026, 3, 20, 12, 3, tzinfo=UTC))

    starts = [parse_time(start) for start, _ in jobs_of(sandbox, source_id)]
    gaps = {(later - earlier).total_seconds() for earlier, later in pairwise(starts)}
    assert len(starts) > 2
    assert gaps == {40.0}, "a job takes 30 seconds here: every other time is skipped"


def test_trouble_with_one_source_keeps_no_other_from_its_schedule(
    sandbox: Sandbox, api: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    anchor = {"frequency_in_minutes": "60", "anchor_time": "2026-03-20T13:00:00Z"}
    broken, good = (configure(sandbox, api, name, **anchor) for name in ("broken", "good"))
    with sandbox._ctx.state.transaction() as db:
        db.execute("UPDATE sources SET properties = 'no JSON' WHERE id = ?", (broken,))

    with caplog.at_level(logging.ERROR):
        sandbox.clock.advance_to(datetime(2026, 3, 20, 14, 30, tzinfo=UTC))

    assert jobs_of(sandbox, broken) == []
    assert len(jobs_of(sandbox, good)) == 2
    assert f"the schedule of source {broken} cannot be followed" in caplog.text
    caplog.clear()
    with sandbox._ctx.state.transaction() as db:
        db.execute(
            "UPDATE sources SET properties = (SELECT properties FROM sources WHERE id = ?) WHERE id = ?", (good, broken)
        )
    sandbox.clock.advance(hours=2)
    assert jobs_of(sandbox, broken), "once mended it goes on by itself"


def test_the_real_clocks_thread_goes_on_after_trouble_with_one_source(caplog: pytest.LogCaptureFixture) -> None:
    with Sandbox(pace_s=0) as sandbox, client_of(sandbox) as api:
        broken, good = (configure(sandbox, api, name) for name in ("broken", "good"))
        past = format_time(datetime.now(UTC) - timedelta(seconds=5))
        with caplog.at_level(logging.ERROR), sandbox._ctx.state.transaction() as db:
            db.execute("UPDATE sources SET next_fire_at = ?", (past,))
            db.execute("UPDATE sources SET properties = 'no JSON' WHERE id = ?", (broken,))
        wait_until(lambda: jobs_of(sandbox, good), what="a job of the good source")
        sandbox.wait_idle()

    assert f"the schedule of source {broken} cannot be followed" in caplog.text


def test_what_was_missed_while_closed_is_not_made_up_for(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme", clock=NOON, pace_s=0) as sandbox, client_of(sandbox) as api:
        source_id = configure(sandbox, api, "one", frequency_in_minutes="60", anchor_time="2026-03-20T13:00:00Z")

    with Sandbox(tmp_path / "acme", clock="2026-03-22T08:30:00Z", pace_s=0) as later, client_of(later) as api:
        later.clock.advance(minutes=1)
        assert len(jobs_of(later, source_id)) == 1
        assert next_fire(api, source_id) == "2026-03-22T09:00:00Z"


def test_the_same_due_time_is_never_fired_twice(sandbox: Sandbox, api: httpx.Client) -> None:
    source_id = configure(sandbox, api, "one", frequency_in_minutes="60", anchor_time="2026-03-20T13:00:00Z")
    target = datetime(2026, 3, 20, 16, 30, tzinfo=UTC)
    errors: list[Any] = []

    def advance() -> None:
        try:
            sandbox.clock.advance_to(target)
        except ValueError as error:
            errors.append(error)

    threads = [threading.Thread(target=advance) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert [start for start, _ in jobs_of(sandbox, source_id)] == [
        f"2026-03-20T{hour}:00:00Z" for hour in range(13, 17)
    ]
