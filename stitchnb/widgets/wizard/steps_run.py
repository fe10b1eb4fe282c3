"""The last steps of a wizard: run a replication job, and preview the rows."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from stitchnb.client import Job, JobStatus, JobWatch, RecordList
from stitchnb.errors import AlreadyRunningError, StitchError
from stitchnb.models import Load, Source, format_time
from stitchnb.rules.report_cards.labels import format_interval, sentence
from stitchnb.rules.report_cards.products import TypeKind, type_kind
from stitchnb.rules.schedules.describe import cron_words
from stitchnb.rules.schedules.quartz import CronError, CronExpression
from stitchnb.widgets.jobs.monitor import streams_block
from stitchnb.widgets.picker.rows import counted
from stitchnb.widgets.wizard import panel
from stitchnb.widgets.wizard.step import ROWS, RUN, SCHEDULE, PanelStep, StepHost, StepState

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 8
_SHOWN_COLUMNS = 5
_MAX_CELL_LENGTH = 40
_IMPORT_API = "import_api"
_STITCH_COLUMNS = ("_sdc_", "__sdc_")


class RowsStep(PanelStep):
    """Shows the first rows of a source's tables, or its last loads."""

    def __init__(self, host: StepHost) -> None:
        super().__init__(host, "Rows")
        self._table = ""
        self._preview_lock = threading.Lock()

    def begin(self) -> None:
        """Load the preview in the background: tables may be large."""
        self.show([panel.progress("Loading preview…", elapsed_s=0)])
        self.watch(self._load)

    def press(self, name: str, value: str) -> None:
        """Show another table, refresh, or go back to the job."""
        if name == "run":
            self.host.go(RUN)
            return
        if name == "table":
            self._table = value
        self.watch(self._load)

    def on_error(self, error: StitchError) -> None:
        """Show why the preview failed."""
        self.show([panel.note("error", str(error))], actions=[panel.action("look", "Refresh", primary=True)])

    def _load(self) -> bool:
        # A second request must not overtake the first one.
        with self._preview_lock:
            client, source = self.host.client, self.host.live_source
            if client.sandbox is None:
                self._show_loads(source.name, source.loads())
            else:
                self._show_tables(source.name, client.sandbox.warehouse)
        return True

    def _show_tables(self, schema: str, warehouse: Any) -> None:
        tables = warehouse.tables()
        own_tables = tables[tables["schema"] == schema]
        if own_tables.empty:
            self._show_nothing(f"No table of schema {schema} is in the warehouse yet.")
            return
        names = list(own_tables["table"])
        selected = self._table if self._table in names else _first(names)
        counts = dict(zip(names, own_tables["rows"], strict=True))
        query = f"SELECT * FROM {_quoted(schema)}.{_quoted(selected)} LIMIT {_SHOWN_ROWS}"
        rows = warehouse.sql(query)
        columns, cells = _preview(rows)
        total = int(own_tables["rows"].sum())
        blocks = [
            panel.text(f"{counted(total, 'row')} in {counted(len(names), 'table')} of schema {schema}."),
            panel.choice("table", "Table", [(name, f"{name} ({counts[name]:,})") for name in names], selected),
            panel.table(f"First rows of {schema}.{selected}", columns, cells),
            panel.code("Load as DataFrame", f"client.sandbox.warehouse.table({f'{schema}.{selected}'!r})"),
        ]
        hidden = len(rows.columns) - len(columns)
        shown = f"Showing {counted(len(rows), 'row')}"
        summary = f"{shown}, {len(columns)} of {len(rows.columns)} columns" if hidden else shown
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
        with self.host.lock:
            if not self.is_closed:
                self.show(blocks, summary=summary, actions=self._actions())
                self.host.set_status(ROWS, StepState.DONE)

    def _show_nothing(self, text: str) -> None:
        source = self.host.live_source
        if not self._is_pushed:
            blocks = [panel.text(f"{text} Run a job to load rows. A stream without rows creates no table.")]
        else:
            blocks = [panel.text(f"{text} Rows are pushed to this source. It has no jobs.")]
            if source.type == _IMPORT_API:
                blocks.append(panel.code("Create a token to push rows", f"client.import_tokens.create({source.id})"))
        self.show(blocks, actions=self._actions("Go to the job"))

    def _actions(self, to_job: str = "Back to the job") -> list[dict[str, Any]]:
        back = [] if self._is_pushed else [panel.action("run", to_job)]
        return [*back, panel.action("look", "Refresh", primary=True)]

    @property
    def _is_pushed(self) -> bool:
        return type_kind(self.host.live_source.report_card) is TypeKind.PUSH


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(names: list[str]) -> str:
    """Return the table to show first: one of rows rather than of rejected records."""
    return next((name for name in names if not name.startswith("_sdc_")), names[0])


def _preview(rows: pd.DataFrame) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Format the first rows as text, with the first columns and without those that Stitch adds."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    source_columns = [name for name in rows.columns if not name.startswith(_STITCH_COLUMNS)] or list(rows.columns)
    shown = source_columns[:_SHOWN_COLUMNS]
    columns = [(name, is_numeric_dtype(rows[name]) and not is_bool_dtype(rows[name])) for name in shown]
    return columns, [[_cell(value) for value in line] for line in rows[shown].itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    from pandas import isna

    if not isinstance(value, list | dict) and isna(value):
        return ""
    text = str(value)
    return text if len(text) <= _MAX_CELL_LENGTH else text[: _MAX_CELL_LENGTH - 1] + "…"


_LOG_LINES = 40
_SOON = timedelta(minutes=1)


class RunStep(PanelStep):
    """Starts a job and shows its progress, as far as the API reports it."""

    def __init__(self, host: StepHost) -> None:
        super().__init__(host, "Replication job")
        self._job: Job | None = None
        self._watch: JobWatch | None = None
        self._last: JobStatus | None = None
        self._started = 0.0

    def begin(self) -> None:
        """Show the schedule and a button that starts a job."""
        self._show_idle()

    def press(self, name: str, value: str) -> None:
        """Start or stop the job, check again, show the log, or open another step."""
        match name:
            case "start":
                self.start()
            case "look" if self._watch is not None:
                self._show_progress(self._watch.begun)
                self._watch_job()
            case "stop":
                self.host.client.jobs.stop(self.host.live_source.id)
                if self._job is None:
                    self._show_idle()
            case "log":
                self._show_log()
            case "rows":
                self.host.go(ROWS)
            case "schedule":
                self.host.go(SCHEDULE)

    def start(self) -> Job:
        """Start a job now, and watch it.

        Raises
        ------
        AlreadyRunningError
            When a job is running.
        """
        client = self.host.client
        self._last = None
        try:
            self._job = client.jobs.start(self.host.live_source.id)
        except AlreadyRunningError:
            self._job = None
            self._show_other()
            raise
        self._watch = client.jobs.watching(self._job)
        self._started = time.monotonic()
        self.host.set_status(RUN, StepState.NOW)
        self._show_progress(self._watch.begun)
        self._watch_job()
        return self._job

    def _watch_job(self) -> None:
        self.watch(self._poll, poll_s=lambda: self.host.client.job_poll_s(self._watch.requests if self._watch else 1))

    def on_error(self, error: StitchError) -> None:
        """Show why polling failed; the job keeps running in Stitch."""
        self.show(
            [panel.note("error", str(error))],
            summary="The job keeps running in Stitch.",
            actions=[panel.action("stop", "Stop"), panel.action("look", "Check again", primary=True)],
        )

    def _poll(self) -> bool:
        assert self._watch is not None  # noqa: S101 - it is set before the watch begins
        status = self._watch.look()
        if not status.is_over:
            self._show_progress(status)
            return False
        fresh = self.host.client.sources.get(self.host.live_source.id)
        with self.host.one_update():
            if not self.is_closed:
                self._last = status
                self.host.update_source(fresh)
                self.host.set_status(RUN, StepState.FAILED if status.phase == "failed" else StepState.DONE)
                self._show_end(status)
        return True

    def _show_idle(self) -> None:
        source = self.host.live_source
        self.show(
            [
                panel.text(
                    "A job extracts the selected streams and loads them. The schedule starts jobs automatically."
                ),
                panel.facts(_schedule_facts(source, self.host.client.now())),
            ],
            summary="Starting a job now does not change the schedule.",
            actions=[
                panel.action("schedule", "Edit schedule"),
                panel.action("start", "Start job", primary=True),
            ],
        )

    def _show_other(self) -> None:
        self.show(
            [panel.note("warn", "A job of this source is already running. Only one can run at a time.")],
            summary="Wait until it finishes, or stop it.",
            actions=[panel.action("stop", "Stop"), panel.action("start", "Start job", primary=True)],
        )

    def _show_progress(self, status: JobStatus) -> None:
        share = len(status.landed) / len(status.streams) if status.phase == "loading" and status.streams else None
        text = "Extracting from the source" if status.phase == "extracting" else status.text.capitalize()
        progress = panel.progress(text, elapsed_s=time.monotonic() - self._started, share=share)
        self.show(
            [progress, *_streams(status)],
            summary="Runs in the background.",
            actions=[panel.action("stop", "Stop")],
        )

    def _show_end(self, status: JobStatus) -> None:
        log, again = panel.action("log", "Show log"), panel.action("start", "Run again")
        if status.phase == "succeeded":
            self.show(
                [panel.note("ok", f"Job finished: {status.text}"), *_streams(status)],
                actions=[log, again, panel.action("rows", "Preview data", primary=True)],
            )
        else:
            was_stopped = status.result is not None and status.result.was_stopped
            self.show(
                [panel.note("warn" if was_stopped else "error", sentence(f"the job {status.text}")), *_streams(status)],
                summary="Rows that were loaded are kept.",
                actions=[log, {**again, "primary": True}],
            )

    def _show_log(self) -> None:
        if self._job is None or self._last is None:
            return
        lines = self._job.log().splitlines()
        title = f"Last {_LOG_LINES} of {len(lines)} lines" if len(lines) > _LOG_LINES else "Log"
        content = self.widget._content
        blocks = [block for block in content["blocks"] if block["kind"] != "code"]
        actions = [one for one in content["actions"] if one["name"] != "log"]
        blocks.append(panel.code(title, "\n".join(lines[-_LOG_LINES:])))
        self.show(blocks, summary=content["summary"], actions=actions)


def _schedule_facts(source: Source, now: datetime) -> list[tuple[str, str]]:
    schedule = source.schedule
    if schedule is None:
        return [("Schedule", "none while paused" if source.state == "paused" else "none")]
    facts = [("Schedule", _describe_schedule(source))]
    if schedule.next_fire_time is not None:
        due = schedule.next_fire_time
        # A start within a minute needs its seconds, or it would look past.
        text = f"{due:%Y-%m-%d %H:%M:%S}" if due - now < _SOON else f"{due:%Y-%m-%d %H:%M}"
        facts.append(("Next run", f"{text} UTC"))
    return facts


def _describe_schedule(source: Source) -> str:
    schedule = source.schedule
    if schedule is None:
        return "none"
    if schedule.cron_expression:
        try:
            return cron_words(CronExpression.parse(schedule.cron_expression))
        except CronError:
            return schedule.cron_expression
    return format_interval(int(schedule.interval)) if schedule.interval and schedule.interval >= 1 else "none"


def _streams(status: JobStatus) -> list[panel.Block]:
    return [streams_block(status)] if status.streams else []
