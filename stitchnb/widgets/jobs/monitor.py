"""A running replication job: its parts, the rows of its streams, the end of its log, and a Stop button."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, cast

import traitlets

from stitchnb.client import Client, Job, JobResult, JobStatus
from stitchnb.client.jobs.status import JobStream
from stitchnb.errors import InvalidInputError, JobFailedError, StitchError, WaitTimeoutError
from stitchnb.models import format_time
from stitchnb.widgets._argument_checks import require_job
from stitchnb.widgets._bridge import MessageError, Panel, asset, one_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.wizard.panel import action

if TYPE_CHECKING:
    import pandas as pd

_LOG_LINES = 8
_DAY = re.compile(r"^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)Z ")

_OF_SANDBOX = (("discovery", "Discovery"), ("tap", "Extraction"), ("target", "Load"))
_OF_ACCOUNT = (("extracting", "Extraction"), ("loading", "Load"))
_NOTES = {"discovery": "", "tap": "tap", "target": "target", "extracting": "discovery, tap", "loading": "target"}
_NO_ROWS = "A real account reports which streams are loaded; rows and log are not available while a job runs."


class JobMonitor(Panel):
    """Shows a running replication job, in the background, so that the notebook stays usable.

    In a sandbox it shows the rows of each stream, rows per second and the end of the log as they come. For a real
    account it shows what the API reports: whether it extracts or loads, and which streams are loaded.

    Parameters
    ----------
    job
        A job that was started with a `Client`.
    quiet_s
        Seconds without any new load after which the streams that are not loaded count as empty; see `Job.wait`.

    Attributes
    ----------
    look
        The status at the last poll: ``phase``, ``table``, ``log``. It can be observed.
    result
        How the job finished; None while it runs.

    Raises
    ------
    InvalidInputError
        When it is not a job, or a job of an `AsyncClient`: await ``job.watch()`` instead.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True, pace_s=0, clock="2026-03-20T16:00:00Z")
    >>> given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
    >>> source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
    >>> source.check().wait().status
    'succeeded'
    >>> source.select("accounts").state
    'fully_configured'
    >>> monitor = stitchnb.JobMonitor(source.start_job())
    >>> monitor.wait()
    JobResult(succeeded, 1 stream loaded)
    >>> monitor.to_frame()[["stream", "state", "rows"]]
         stream   state  rows
    0  accounts  loaded   141
    >>> monitor.close()
    >>> client.close()
    """

    _esm = asset("dom.js", "line.js", "job_streams.js", "job_monitor.js")
    _css = asset("card.css", "job_streams.css", "job_monitor.css")

    look = traitlets.Any(None, allow_none=True)

    def __init__(self, job: Job[Any], *, quiet_s: float = 120) -> None:
        require_job(job, "JobMonitor")
        if not isinstance(job.client, Client):
            raise InvalidInputError("JobMonitor cannot watch a job of an AsyncClient. Await job.watch().")
        self.job: Job = cast("Job", job)
        self._client: Client = job.client
        self._quiet_s = quiet_s
        self._watch = self._client.jobs.watching(job, quiet_s=quiet_s)
        self._since = datetime.now(UTC)
        self._error: StitchError | None = None
        self._error_message = ""
        self._is_stopping = False
        self._part = ""
        self._log: tuple[str, ...] | None = None
        # Polling and clicks run in different threads; each draws the whole card.
        self._lock = threading.RLock()
        super().__init__({})
        self._show_status(self._watch.begun)
        self._watcher = Watcher(self._poll, poll_s=self._poll_interval_s, on_error=self._on_error)
        self._watcher.start()

    @property
    def result(self) -> JobResult | None:
        """How the job finished; None while it runs."""
        return self.look.result if self.look.is_over else None

    def wait(self, *, timeout_s: float = 3600) -> JobResult:
        """Wait until the job finishes, and return its result.

        Raises
        ------
        JobFailedError
            When the job failed or was stopped; the message says which part failed and why.
        WaitTimeoutError
            When the job still runs after that many seconds. You can wait again.
        StitchError
            When polling failed; the job keeps running in Stitch.
        """
        if not self._watcher.join(timeout_s):
            raise WaitTimeoutError(
                f"{self.job.job_name} is still running after {timeout_s:g} seconds. Wait again, or stop it."
            )
        if self._error is not None:
            raise self._error
        result = self.result
        if result is None:
            raise InvalidInputError("The monitor was closed before the job finished. Call job.wait().")
        if not result.succeeded:
            raise JobFailedError(f"{self.job.job_name} {result.outcome}", result=result)
        return result

    def stop(self) -> None:
        """Stop the job; rows that were loaded are kept. A finished job is not affected.

        Raises
        ------
        APIError, TransportError
            When Stitch refuses.
        """
        if self.look.is_over:
            return
        self.job.stop()
        with self._lock:
            self._is_stopping, self._error_message = True, ""
            self._draw()

    def to_frame(self) -> pd.DataFrame:
        """Return the streams at the last poll as a DataFrame. See `JobStatus.to_frame` for the columns."""
        status: JobStatus = self.look
        return status.to_frame()

    def close(self) -> None:
        """Stop polling and close the widget; the job keeps running."""
        # After an error in the constructor nothing is watched.
        if hasattr(self, "_watcher"):
            self._watcher.stop()
        super().close()

    def _poll_interval_s(self) -> float:
        return self._client.job_poll_s(self._watch.requests)

    def _poll(self) -> bool:
        status = self._watch.look()
        if not self._watcher.is_stopped:
            self._show_status(status)
        return status.is_over

    def _show_status(self, status: JobStatus) -> None:
        with self._lock:
            self.look = status
            self._part = self._part if status.is_over else (status.part or status.phase)
            self._draw()

    def _on_error(self, error: StitchError) -> None:
        with self._lock:
            self._error = error
            self._draw()

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "press":
            raise MessageError(f"{kind} is not known")
        match one_of(content, "name", [one["name"] for one in self._actions() if not one["off"]]):
            case "stop":
                self.stop()
            case "log":
                self._show_log()
            case "again":
                self._watch_again()

    def _show_error(self, error: StitchError) -> None:
        with self._lock:
            self._error_message = str(error)
            self._draw()

    def _show_log(self) -> None:
        log = tuple(self.job.log().splitlines())
        with self._lock:
            self._log, self._error_message = log, ""
            self._draw()

    def _watch_again(self) -> None:
        self._error = None
        self._watcher = Watcher(self._poll, poll_s=self._poll_interval_s, on_error=self._on_error)
        self._watcher.start()
        with self._lock:
            self._draw()

    def _draw(self) -> None:
        """Send the page the current status."""
        status: JobStatus = self.look
        text, tone = self._state()
        log = self._log if self._log is not None else (status.log or ())
        self._content = {
            "name": self.job.job_name,
            "chip": [text, tone],
            "steps": _steps(status, self._part, is_watched=self._error is None),
            "streams": streams_block(status),
            "log": [_DAY.sub(r"\1 ", line) for line in log[-_LOG_LINES:]],
            "hint": "" if status.tells_rows or status.is_over else _NO_ROWS,
            "notice": self._message(),
            "summary": self._summary(),
            "actions": self._actions(),
        }

    def _state(self) -> tuple[str, str]:
        status: JobStatus = self.look
        if status.phase == "succeeded":
            return "succeeded", "ok"
        if status.phase == "failed":
            was_stopped = status.result is not None and status.result.was_stopped
            return ("stopped", "warn") if was_stopped else ("failed", "error")
        if self._error is not None:
            return "not watched", "warn"
        return ("stopping", "warn") if self._is_stopping else ("running", "ok")

    def _message(self) -> list[str]:
        """Return the message and its tone: how the job finished, or why it is not watched anymore."""
        status: JobStatus = self.look
        state, tone = self._state()
        if self._error_message:
            return [self._error_message, "error"]
        if state == "succeeded":
            rows = sum(stream.rows or 0 for stream in status.table)
            counted = f", {rows:,} {'row' if rows == 1 else 'rows'}" if status.tells_rows else ""
            return [f"Job finished: {status.text}{counted}", tone]
        if state == "stopped":
            return ["The job was stopped. Rows that were loaded are kept; the next job continues from there.", tone]
        if state == "failed" and status.result is not None:
            return [f"The job failed in {status.result.failure}", tone]
        if self._error is not None:
            return [f"{self._error} The job keeps running in Stitch.", tone]
        return []

    def _summary(self) -> str:
        status: JobStatus = self.look
        if status.started_at is None:
            return f"watched since {self._since:%H:%M:%S} UTC"
        ended = f", ended {status.ended_at:%H:%M:%S} UTC" if status.is_over and status.ended_at is not None else ""
        return f"started {status.started_at:%H:%M:%S} UTC{ended}"

    def _actions(self) -> list[dict[str, Any]]:
        if self.look.is_over:
            has_log = self._log is not None or self.look.log is not None
            return [] if has_log else [action("log", "Show log")]
        if self._error is not None:
            return [action("again", "Watch again")]
        return [action("stop", "Stop", off=self._is_stopping)]

    def _table(self) -> str:
        return (
            f"<p><strong>Job</strong> <code>{escape(self.job.job_name)}</code>: this page cannot run widgets. "
            "Call <code>monitor.to_frame()</code> for the same facts.</p>"
        )

    def __repr__(self) -> str:
        return f"JobMonitor({self.job.job_name!r})"


def _steps(status: JobStatus, part: str, *, is_watched: bool) -> list[dict[str, str]]:
    """Return each part of the job with its state.

    Parameters
    ----------
    part
        The last part that was running: where a job was stopped.
    """
    parts = _OF_SANDBOX if status.tells_rows else _OF_ACCOUNT
    names = [name for name, _ in parts]
    if status.phase == "succeeded":
        at, state = len(parts), "done"
    elif status.phase == "failed":
        at, state = names.index(_failed_part(status, part, names)), "failed"
    else:
        at, state = (names.index(part) if part in names else 0), ("now" if is_watched else "next")
    states = ["done" if i < at else state if i == at else "next" for i in range(len(parts))]
    return [
        {"type": name, "title": title, "note": _NOTES[name], "state": state}
        for (name, title), state in zip(parts, states, strict=True)
    ]


def _failed_part(status: JobStatus, part: str, names: list[str]) -> str:
    failure = (status.result.failure or "") if status.result is not None else ""
    was_stopped = status.result is not None and status.result.was_stopped
    failed = part if was_stopped else failure.partition(":")[0]
    if failed in names:
        return failed
    # A real account has two parts, and the first holds discovery and tap. A failed load reads "load of …".
    return names[-1] if failed == "target" or failed.startswith("load") else names[0]


_MAX_STREAMS = 50

# Phases whose names need an explanation.
_PHASE_TEXTS = {"tap": "extracting", "target": "waiting to load"}
_TONES = {"loaded": "ok", "failed": "error", "broken off": "warn"}


def streams_block(status: JobStatus) -> dict[str, Any]:
    """Describe the table of a job's streams, as ``job_streams.js`` draws it.

    A sandbox has rows and rates; a real account has the last load of each stream.
    """
    shown = sorted(status.table, key=_rank)[:_MAX_STREAMS] if len(status.table) > _MAX_STREAMS else status.table
    return {
        "kind": "streams",
        "tells_rows": status.tells_rows,
        "is_over": status.is_over,
        "rows": [_row(stream) for stream in shown],
        "more": len(status.table) - len(shown),
    }


def _format_moment(moment: Any) -> str:
    """Format a time in UTC; an empty string for None."""
    return format_time(moment).replace("T", " ").removesuffix("Z") if moment is not None else ""


def _rank(stream: JobStream) -> bool:
    """Sort running and failed streams first, for when not all of them fit."""
    return stream.phase not in ("tap", "target", "failed")


def _row(stream: JobStream) -> dict[str, Any]:
    text = f"failed: {stream.failure}" if stream.failure else _PHASE_TEXTS.get(stream.phase, stream.phase)
    if stream.rows_rejected:
        text += f", {stream.rows_rejected:,} rejected"
    return {
        "name": stream.name,
        "phase": text,
        "tone": "warn" if stream.rows_rejected and not stream.failure else _TONES.get(stream.phase, "mute"),
        "rows": stream.rows,
        "rate": None if stream.rows_per_s is None else round(stream.rows_per_s),
        "share": stream.share,
        "moves": stream.phase == "tap",
        "loaded": _format_moment(stream.loaded_at),
    }
