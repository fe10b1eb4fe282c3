"""A job in a terminal: bars that are written over; elsewhere a line for every change."""

import asyncio
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from test_journey import RECURLY

import stitchnb
from stitchnb.client import JobStatus
from stitchnb.client.jobs.display import JobProgressDisplay
from stitchnb.client.jobs.status import JobStream
from stitchnb.errors import JobFailedError

TAP = JobStream("accounts", "tap", rows=40_112, rows_rejected=0, rows_per_s=28_450.4)
WAITS = JobStream("plans", "waiting", rows=0, rows_rejected=0, share=0.0)
RUNNING = JobStatus(
    "extracting", "extracting", ("accounts", "plans"), table=(TAP, WAITS), part="tap", log=("first", "connected")
)


class Terminal(io.StringIO):
    """A terminal that remembers what was written."""

    def isatty(self) -> bool:
        return True

    @property
    def screen(self) -> list[str]:
        """What is to be seen: the cursor goes back so many lines, and what is below is taken away."""
        lines: list[str] = []
        for part in re.split(r"(\x1b\[\d+F\x1b\[J)", self.getvalue()):
            if back := re.fullmatch(r"\x1b\[(\d+)F\x1b\[J", part):
                del lines[-int(back[1]) :]
            else:
                lines += part.splitlines()
        return lines


@pytest.fixture
def sized(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], None]:
    def size(columns: int, lines: int) -> None:
        monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((columns, lines)))

    size(80, 24)
    return size


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox


def ready(client: stitchnb.Client) -> Any:
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    return source.select("accounts")


def test_each_stream_has_a_bar_its_rows_and_their_rate(sized: Any) -> None:
    terminal = Terminal()
    JobProgressDisplay("Job", terminal).show(RUNNING)
    assert terminal.screen == [
        "Job: extracting, in tap",
        "  accounts  tap          [.====...........]      40,112 rows    28,450/s",
        "  plans     waiting      [................]           0 rows",
        "  | first",
        "  | connected",
    ]


def test_a_look_is_written_over_the_one_before(sized: Any) -> None:
    sized(100, 24)
    terminal, half = Terminal(), replace(TAP, share=0.5)
    board = JobProgressDisplay("Job", terminal)
    board.show(RUNNING)
    board.show(replace(RUNNING, table=(half,), log=()))
    done = JobStream("accounts", "loaded", rows=80_000, rows_rejected=12, rows_per_s=30_000, share=1.0)
    assert terminal.screen[1].startswith("  accounts  tap          [########........]")
    board.show(JobStatus("succeeded", "1 of 1 streams loaded", table=(done,), part="over"))
    assert terminal.screen == [
        "Job: 1 of 1 streams loaded",
        "  accounts  loaded       [################]      80,000 rows    30,000/s  12 rejected",
    ]


def test_where_nobody_knows_how_far_it_is_the_bar_moves_with_each_look(sized: Any) -> None:
    terminal = Terminal()
    board = JobProgressDisplay("Job", terminal)
    bars = set()
    for _ in range(4):
        board.show(RUNNING)
        bars.add(terminal.screen[1])
    assert len(bars) == 4


def test_no_line_is_longer_than_the_terminal_is_wide(sized: Any) -> None:
    sized(40, 24)
    terminal = Terminal()
    JobProgressDisplay("A job with a long title indeed, of a source", terminal).show(replace(RUNNING, log=("x" * 200,)))
    assert max(map(len, terminal.screen)) == 39


def test_where_there_is_not_room_for_all_streams_those_at_work_are_shown(sized: Any) -> None:
    sized(80, 12)
    terminal = Terminal()
    many = (*(JobStream(f"s{n}", "waiting", rows=0) for n in range(40)), TAP)
    JobProgressDisplay("Job", terminal).show(replace(RUNNING, table=many))
    assert "accounts" in terminal.screen[1]
    assert "  and 36 more streams" in terminal.screen
    assert len(terminal.screen) < 12


def test_a_real_account_has_phases_and_no_rows(sized: Any) -> None:
    terminal = Terminal()
    table = (JobStream("accounts", "loaded", share=1.0), JobStream("plans", "target", share=0.0))
    JobProgressDisplay("Job", terminal).show(JobStatus("loading", "loading, 1 of 2 streams loaded", table=table))
    assert terminal.screen == [
        "Job: loading, 1 of 2 streams loaded",
        "  accounts  loaded       [################]",
        "  plans     target       [................]",
    ]


def test_in_a_file_every_change_is_one_line_and_numbers_alone_are_none() -> None:
    out = io.StringIO()
    board = JobProgressDisplay("Job", out)
    board.show(RUNNING)
    board.show(replace(RUNNING, table=(replace(TAP, rows=50_000), WAITS)))
    ended = datetime(2026, 3, 20, tzinfo=UTC)
    table = (replace(TAP, phase="loaded", rows=50_000, rows_rejected=2), replace(WAITS, phase="no new rows"))
    board.show(JobStatus("succeeded", "1 of 2 streams loaded", table=table, part="over", ended_at=ended))
    assert out.getvalue().splitlines() == [
        "Job: extracting, in tap",
        "  accounts: tap",
        "  plans: waiting",
        "Job: 1 of 2 streams loaded",
        "  accounts: loaded, 50,000 rows, 2 rejected",
        "  plans: no new rows",
    ]


def test_who_leaves_is_told_that_the_job_goes_on() -> None:
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt), JobProgressDisplay("Job", out):
        raise KeyboardInterrupt
    assert out.getvalue() == "Job: stopped waiting; it continues in Stitch\n"


def test_a_watched_job_is_shown_in_the_terminal_until_it_is_over(
    sandbox: stitchnb.Sandbox, sized: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ready(sandbox.client())
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    result = source.start_job().watch()
    assert repr(result) == "JobResult(succeeded, 1 stream loaded)"
    assert terminal.screen[0] == f"Replication job of source {source.id}: 1 of 1 streams loaded"
    assert re.match(r"  accounts  loaded       \[#{16}\] +\d+ rows", terminal.screen[1])
    assert terminal.screen[-1].endswith("job    succeeded")


def test_a_watched_job_that_fails_raises_as_a_wait_does(
    sandbox: stitchnb.Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    source = ready(sandbox.client())
    with sandbox.faults.fail_extractions("the tap fell over"), pytest.raises(JobFailedError, match="fell over"):
        source.start_job().watch()
    told = capsys.readouterr().err
    assert f"Replication job of source {source.id}: failed in tap: the tap fell over" in told


def test_a_job_that_ends_while_one_looks_is_told_as_it_ended(
    sandbox: stitchnb.Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ready(sandbox.client())
    with sandbox.faults.fail_extractions("the tap fell over"):
        job = source.start_job()
        sandbox.wait_idle()
    tell = sandbox.job_progress
    earlier = [{**tell(job.job_name), "status": "running", "phase": "discovery"}]
    monkeypatch.setattr(sandbox, "job_progress", lambda name: earlier.pop() if earlier else tell(name))

    with pytest.raises(JobFailedError, match="fell over"):
        job.watch()

    assert "failed in tap: the tap fell over" in capsys.readouterr().err


def test_an_asynchronous_client_waits_too(sandbox: stitchnb.Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    source = ready(sandbox.client())

    async def main() -> Any:
        async with sandbox.async_client() as client:
            return await (await client.jobs.start(source.id)).watch()

    assert asyncio.run(main()).succeeded
    assert "accounts: loaded" in capsys.readouterr().err


def test_a_stream_without_new_rows_is_not_waited_for_where_the_sandbox_knows(sandbox: stitchnb.Sandbox) -> None:
    class Nothing:
        def __getattr__(self, name: str) -> Any:
            return getattr(sandbox_connector, name)

        def extract(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
            return iter(())

    source = ready(sandbox.client())
    sandbox_connector = sandbox.connectors["platform.recurly"]
    sandbox.connectors["platform.recurly"] = Nothing()
    job = source.start_job()
    # Else it would be taken for empty only after the quiet time.
    assert job.wait(timeout_s=120, quiet_s=600).succeeded
    look = sandbox.client().jobs.watching(job).look()
    assert [(one.name, one.phase, one.rows) for one in look.table] == [("accounts", "no new rows", 0)]
