"""A replication job of a source: started, watched, stopped."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stitchnb.client import Job, JobLook, JobWatch, RecordList
from stitchnb.errors import AlreadyRunningError, StitchError
from stitchnb.models import Load, Source, format_time
from stitchnb.rules.report_cards.labels import interval_words, sentence
from stitchnb.rules.report_cards.products import TypeKind, type_kind
from stitchnb.rules.schedules.describe import cron_words
from stitchnb.rules.schedules.quartz import CronError, CronExpression
from stitchnb.widgets.jobs.rows import streams_block
from stitchnb.widgets.picker.rows import counted
from stitchnb.widgets.wizard import panel
from stitchnb.widgets.wizard.progress import ROWS, RUN, SCHEDULE, StepState
from stitchnb.widgets.wizard.step import PanelStage, StageOwner

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 8
_SHOWN_COLUMNS = 5
_LONGEST = 40
_IMPORT_API = "import_api"
_OUR_COLUMNS = ("_sdc_", "__sdc_")


class RowsStage(PanelStage):
    """Shows what has landed of a source."""

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner, "Rows")
        self._table = ""
        self._looking = threading.Lock()

    def begin(self) -> None:
        """Look what there is, in the background: tables may be large."""
        self.show([panel.progress("Looking what has landed", elapsed_s=0)])
        self.watch(self._look)

    def press(self, name: str, value: str) -> None:
        """Show another table, look again, or go back to the job."""
        if name == "run":
            self.owner.go(RUN)
            return
        if name == "table":
            self._table = value
        self.watch(self._look)

    def went_wrong(self, error: StitchError) -> None:
        """Show why nothing can be seen."""
        self.show([panel.note("error", str(error))], actions=[panel.action("look", "Look again", primary=True)])

    def _look(self) -> bool:
        # A second look must not overtake the first one.
        with self._looking:
            client, source = self.owner.client, self.owner.live_source
            if client.sandbox is None:
                self._show_loads(source.name, source.loads())
            else:
                self._show_tables(source.name, client.sandbox.warehouse)
        return True

    def _show_tables(self, schema: str, warehouse: Any) -> None:
        tables = warehouse.tables()
        mine = tables[tables["schema"] == schema]
        if mine.empty:
            self._show_nothing(f"No table of schema {schema} is in the warehouse yet.")
            return
        names = list(mine["table"])
        chosen = self._table if self._table in names else _first(names)
        counts = dict(zip(names, mine["rows"], strict=True))
        query = f"SELECT * FROM {_quoted(schema)}.{_quoted(chosen)} LIMIT {_SHOWN_ROWS}"
        rows = warehouse.sql(query)
        columns, cells = _preview(rows)
        total = int(mine["rows"].sum())
        blocks = [
            panel.text(f"{counted(total, 'row')} in {counted(len(names), 'table')} of schema {schema}."),
            panel.choice("table", "Table", [(name, f"{name} ({counts[name]:,})") for name in names], chosen),
            panel.table(f"The first rows of {schema}.{chosen}", columns, cells),
            panel.code("All of it as a DataFrame", f"client.sandbox.warehouse.table({f'{schema}.{chosen}'!r})"),
        ]
        hidden = len(rows.columns) - len(columns)
        shown = f"{counted(len(rows), 'row')} shown"
        summary = f"{shown}, and {len(columns)} of {len(rows.columns)} columns." if hidden else f"{shown}."
        self._show_rows(blocks, summary)

    def _show_loads(self, schema: str, loads: RecordList[Load]) -> None:
        if not loads:
            self._show_nothing(f"Nothing has been loaded into schema {schema} yet.")
            return
        rows: list[list[panel.Cell]] = [
            [
                load.stream_name,
                panel.state(f"failed: {load.failure}", "error") if load.failure else panel.state("loaded", "ok"),
                format_time(load.last_batch_loaded_at).replace("T", " ") if load.last_batch_loaded_at else "",
            ]
            for load in loads
        ]
        self._show_rows(
            [
                panel.text(f"The rows are in schema {schema} of the destination. The last load of each stream:"),
                panel.table("Last loads", [("Stream", False), ("State", False), ("Last loaded (UTC)", True)], rows),
            ]
        )

    def _show_rows(self, blocks: list[panel.Block], summary: str = "") -> None:
        with self.owner.lock:
            if not self.is_over:
                self.show(blocks, summary=summary, actions=self._actions())
                self.owner.mark(ROWS, StepState.DONE)

    def _show_nothing(self, words: str) -> None:
        source = self.owner.live_source
        if not self._is_pushed:
            blocks = [panel.text(f"{words} A job brings them; a stream without rows makes no table.")]
        else:
            blocks = [panel.text(f"{words} Rows are pushed to this source: no job brings them.")]
            if source.type == _IMPORT_API:
                blocks.append(panel.code("A token to push with", f"client.import_tokens.create({source.id})"))
        self.show(blocks, actions=self._actions("Go to the job"))

    def _actions(self, to_job: str = "Back to the job") -> list[dict[str, Any]]:
        back = [] if self._is_pushed else [panel.action("run", to_job)]
        return [*back, panel.action("look", "Look again", primary=True)]

    @property
    def _is_pushed(self) -> bool:
        return type_kind(self.owner.live_source.report_card) is TypeKind.PUSH


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(names: list[str]) -> str:
    """Choose the table to show first: one of rows rather than of rejected ones."""
    return next((name for name in names if not name.startswith("_sdc_")), names[0])


def _preview(rows: pd.DataFrame) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Write the first rows as text, without the columns that Stitch adds, and as many others as there is room for."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    own = [name for name in rows.columns if not name.startswith(_OUR_COLUMNS)] or list(rows.columns)
    shown = own[:_SHOWN_COLUMNS]
    columns = [(name, is_numeric_dtype(rows[name]) and not is_bool_dtype(rows[name])) for name in shown]
    return columns, [[_cell(value) for value in line] for line in rows[shown].itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    from pandas import isna

    if not isinstance(value, list | dict) and isna(value):
        return ""
    told = str(value)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


_LOG_LINES = 40
_SOON = timedelta(minutes=1)


class RunStage(PanelStage):
    """Starts a job and shows how it stands, as far as the API tells."""

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner, "Replication job")
        self._job: Job | None = None
        self._watch: JobWatch | None = None
        self._last: JobLook | None = None
        self._begun = 0.0

    def begin(self) -> None:
        """Tell the schedule, and offer to start."""
        self._show_idle()

    def press(self, name: str, value: str) -> None:
        """Start or stop the job, look at it again, show its log, or go on."""
        match name:
            case "start":
                self.start()
            case "look" if self._watch is not None:
                self._show_progress(self._watch.begun)
                self._keep_looking()
            case "stop":
                self.owner.client.jobs.stop(self.owner.live_source.id)
                if self._job is None:
                    self._show_idle()
            case "log":
                self._show_log()
            case "rows":
                self.owner.go(ROWS)
            case "schedule":
                self.owner.go(SCHEDULE)

    def start(self) -> Job:
        """Start a job now, and watch it.

        Raises
        ------
        AlreadyRunningError
            When one is under way.
        """
        client = self.owner.client
        self._last = None
        try:
            self._job = client.jobs.start(self.owner.live_source.id)
        except AlreadyRunningError:
            self._job = None
            self._show_other()
            raise
        self._watch = client.jobs.watching(self._job)
        self._begun = time.monotonic()
        self.owner.mark(RUN, StepState.NOW)
        self._show_progress(self._watch.begun)
        self._keep_looking()
        return self._job

    def _keep_looking(self) -> None:
        self.watch(self._look, poll_s=lambda: self.owner.client.job_poll_s(self._watch.requests if self._watch else 1))

    def went_wrong(self, error: StitchError) -> None:
        """Show why the job cannot be seen; it goes on in Stitch all the same."""
        self.show(
            [panel.note("error", str(error))],
            summary="The job goes on in Stitch.",
            actions=[panel.action("stop", "Stop"), panel.action("look", "Look again", primary=True)],
        )

    def _look(self) -> bool:
        assert self._watch is not None  # noqa: S101 - it is set before the watch begins
        seen = self._watch.look()
        if not seen.is_over:
            self._show_progress(seen)
            return False
        fresh = self.owner.client.sources.get(self.owner.live_source.id)
        with self.owner.one_update():
            if not self.is_over:
                self._last = seen
                self.owner.told(fresh)
                self.owner.mark(RUN, StepState.FAILED if seen.phase == "failed" else StepState.DONE)
                self._show_end(seen)
        return True

    def _show_idle(self) -> None:
        source = self.owner.live_source
        self.show(
            [
                panel.text("A job extracts the selected streams and loads them. The schedule starts jobs by itself."),
                panel.facts(_schedule_facts(source, self.owner.client.now())),
            ],
            summary="Starting one now does not change the schedule.",
            actions=[
                panel.action("schedule", "Change the schedule"),
                panel.action("start", "Start a job now", primary=True),
            ],
        )

    def _show_other(self) -> None:
        self.show(
            [panel.note("warn", "A job of this source is under way already: there is one at a time.")],
            summary="Start again once it has ended, or stop it.",
            actions=[panel.action("stop", "Stop it"), panel.action("start", "Start a job now", primary=True)],
        )

    def _show_progress(self, seen: JobLook) -> None:
        share = len(seen.landed) / len(seen.streams) if seen.phase == "loading" and seen.streams else None
        words = "Extracting from the source" if seen.phase == "extracting" else seen.text.capitalize()
        progress = panel.progress(words, elapsed_s=time.monotonic() - self._begun, share=share)
        self.show(
            [progress, *_streams(seen)],
            summary="This goes on in the background.",
            actions=[panel.action("stop", "Stop")],
        )

    def _show_end(self, seen: JobLook) -> None:
        log, again = panel.action("log", "Show the log"), panel.action("start", "Run again")
        if seen.phase == "succeeded":
            self.show(
                [panel.note("ok", f"The job has ended: {seen.text}."), *_streams(seen)],
                actions=[log, again, panel.action("rows", "Look at the rows", primary=True)],
            )
        else:
            was_stopped = seen.result is not None and seen.result.was_stopped
            self.show(
                [panel.note("warn" if was_stopped else "error", sentence(f"the job {seen.text}")), *_streams(seen)],
                summary="Rows that have landed stay.",
                actions=[log, {**again, "primary": True}],
            )

    def _show_log(self) -> None:
        if self._job is None or self._last is None:
            return
        lines = self._job.log().splitlines()
        title = f"The last {_LOG_LINES} of {len(lines)} lines" if len(lines) > _LOG_LINES else "Log"
        content = self.widget._content
        blocks = [block for block in content["blocks"] if block["kind"] != "code"]
        actions = [one for one in content["actions"] if one["name"] != "log"]
        blocks.append(panel.code(title, "\n".join(lines[-_LOG_LINES:])))
        self.show(blocks, summary=content["summary"], actions=actions)


def _schedule_facts(source: Source, now: datetime) -> list[tuple[str, str]]:
    schedule = source.schedule
    if schedule is None:
        return [("Schedule", "none while paused" if source.state == "paused" else "none")]
    found = [("Schedule", _schedule_words(source))]
    if schedule.next_fire_time is not None:
        due = schedule.next_fire_time
        # What is about to start would look past without its seconds.
        told = f"{due:%Y-%m-%d %H:%M:%S}" if due - now < _SOON else f"{due:%Y-%m-%d %H:%M}"
        found.append(("Next start", f"{told} UTC"))
    return found


def _schedule_words(source: Source) -> str:
    schedule = source.schedule
    if schedule is None:
        return "none"
    if schedule.cron_expression:
        try:
            return cron_words(CronExpression.parse(schedule.cron_expression))
        except CronError:
            return schedule.cron_expression
    return interval_words(int(schedule.interval)) if schedule.interval and schedule.interval >= 1 else "none"


def _streams(seen: JobLook) -> list[panel.Block]:
    return [streams_block(seen)] if seen.streams else []
