"""A replication job while it runs: its parts, the rows of its streams, the end of its log, and a way to stop it."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import TYPE_CHECKING, Any, cast

import traitlets

from stitchnb.client import Client, Job, JobLook, JobResult
from stitchnb.errors import InvalidInputError, JobFailedError, StitchError, WaitTimeoutError
from stitchnb.widgets._argument_checks import require_job
from stitchnb.widgets._bridge import MessageError, Panel, asset, one_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.jobs.rows import streams_block
from stitchnb.widgets.wizard.panel import action

if TYPE_CHECKING:
    import pandas as pd

_LOG_LINES = 8
_DAY = re.compile(r"^\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)Z ")

_OF_SANDBOX = (("discovery", "Discovery"), ("tap", "Extraction"), ("target", "Load"))
_OF_ACCOUNT = (("extracting", "Extraction"), ("loading", "Load"))
_NOTES = {"discovery": "", "tap": "tap", "target": "target", "extracting": "discovery, tap", "loading": "target"}
_NO_ROWS = "A real account tells which streams have been loaded, and neither rows nor log while a job runs."


class JobMonitor(Panel):
    """Shows a replication job while it runs, in the background, so that the notebook stays usable.

    Of a sandbox it shows the rows of each stream, rows per second and the end of the log as they come. Of a real
    account it shows what the API tells: whether it extracts or loads, and which streams have been loaded.

    Parameters
    ----------
    job
        A job that was started with a `Client`.
    quiet_s
        Seconds without any new load after which the streams that were not loaded are taken to have had no rows; see
        `Job.wait`.

    Attributes
    ----------
    look
        How it stood at the last look: ``phase``, ``table``, ``log``. It can be observed.
    result
        How it ended; None until then.

    Raises
    ------
    InvalidInputError
        When it is no job, or belongs to an `AsyncClient`, which cannot be asked in the background: await
        ``job.watch()``.

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
            raise InvalidInputError("A job of an AsyncClient cannot be watched in the background: await job.watch().")
        self.job: Job = cast("Job", job)
        self._client: Client = job.client
        self._quiet_s = quiet_s
        self._watch = self._client.jobs.watching(job, quiet_s=quiet_s)
        self._since = datetime.now(UTC)
        self._error: StitchError | None = None
        self._refusal = ""
        self._is_stopping = False
        self._part = ""
        self._log: tuple[str, ...] | None = None
        # A look in the background and a press may meet; each draws the card as a whole.
        self._lock = threading.RLock()
        super().__init__({})
        self._see(self._watch.begun)
        self._watcher = Watcher(self._look_again, poll_s=self._poll_s, on_error=self._went_wrong)
        self._watcher.start()

    @property
    def result(self) -> JobResult | None:
        """How the job ended; None while it runs."""
        return self.look.result if self.look.is_over else None

    def wait(self, *, timeout_s: float = 3600) -> JobResult:
        """Wait until it is over, and tell how it ended.

        Raises
        ------
        JobFailedError
            When a part of it failed or was stopped: which, and its message.
        WaitTimeoutError
            When it is not over after that many seconds; waiting again is safe.
        StitchError
            When it could not be watched to its end; it goes on in Stitch.
        """
        if not self._watcher.join(timeout_s):
            raise WaitTimeoutError(
                f"{self.job.job_name} still runs after {timeout_s:g} seconds. Wait again, or stop it."
            )
        if self._error is not None:
            raise self._error
        result = self.result
        if result is None:
            raise InvalidInputError("The monitor was closed before the job was over: job.wait() waits for it.")
        if not result.succeeded:
            raise JobFailedError(f"{self.job.job_name} {result.outcome}", result=result)
        return result

    def stop(self) -> None:
        """Stop the job; rows that have landed stay. Where it is over nothing happens.

        Raises
        ------
        APIError, TransportError
            When Stitch does not take it.
        """
        if self.look.is_over:
            return
        self.job.stop()
        with self._lock:
            self._is_stopping, self._refusal = True, ""
            self._draw()

    def to_frame(self) -> pd.DataFrame:
        """Show how its streams stood at the last look. See `JobLook.to_frame` for the columns."""
        seen: JobLook = self.look
        return seen.to_frame()

    def close(self) -> None:
        """Stop looking, and let go of the widget; the job goes on."""
        # One that was refused at its beginning is closed too, and looks at nothing yet.
        if hasattr(self, "_watcher"):
            self._watcher.stop()
        super().close()

    def _poll_s(self) -> float:
        return self._client.job_poll_s(self._watch.requests)

    def _look_again(self) -> bool:
        seen = self._watch.look()
        if not self._watcher.is_stopped:
            self._see(seen)
        return seen.is_over

    def _see(self, seen: JobLook) -> None:
        with self._lock:
            self.look = seen
            self._part = self._part if seen.is_over else (seen.part or seen.phase)
            self._draw()

    def _went_wrong(self, error: StitchError) -> None:
        with self._lock:
            self._error = error
            self._draw()

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "press":
            raise MessageError(f"{kind} is not known")
        match one_of(content, "name", [one["name"] for one in self._actions() if not one["off"]]):
            case "stop":
                self.stop()
            case "log":
                self._show_log()
            case "again":
                self._watch_again()

    def _refuse(self, error: StitchError) -> None:
        with self._lock:
            self._refusal = str(error)
            self._draw()

    def _show_log(self) -> None:
        log = tuple(self.job.log().splitlines())
        with self._lock:
            self._log, self._refusal = log, ""
            self._draw()

    def _watch_again(self) -> None:
        self._error = None
        self._watcher = Watcher(self._look_again, poll_s=self._poll_s, on_error=self._went_wrong)
        self._watcher.start()
        with self._lock:
            self._draw()

    def _draw(self) -> None:
        """Describe the card as it stands."""
        seen: JobLook = self.look
        words, tone = self._state()
        log = self._log if self._log is not None else (seen.log or ())
        self._content = {
            "name": self.job.job_name,
            "chip": [words, tone],
            "steps": _steps(seen, self._part, is_watched=self._error is None),
            "streams": streams_block(seen),
            "log": [_DAY.sub(r"\1 ", line) for line in log[-_LOG_LINES:]],
            "hint": "" if seen.tells_rows or seen.is_over else _NO_ROWS,
            "notice": self._notice(),
            "summary": self._summary(),
            "actions": self._actions(),
        }

    def _state(self) -> tuple[str, str]:
        seen: JobLook = self.look
        if seen.phase == "succeeded":
            return "succeeded", "ok"
        if seen.phase == "failed":
            was_stopped = seen.result is not None and seen.result.was_stopped
            return ("stopped", "warn") if was_stopped else ("failed", "error")
        if self._error is not None:
            return "not watched", "warn"
        return ("stopping", "warn") if self._is_stopping else ("running", "ok")

    def _notice(self) -> list[str]:
        """Tell what stands out: how it ended, or why it is not seen any more."""
        seen: JobLook = self.look
        state, tone = self._state()
        if self._refusal:
            return [self._refusal, "error"]
        if state == "succeeded":
            rows = sum(stream.rows or 0 for stream in seen.table)
            told = f", {rows:,} {'row' if rows == 1 else 'rows'}" if seen.tells_rows else ""
            return [f"The job has ended: {seen.text}{told}.", tone]
        if state == "stopped":
            return ["The job was stopped. Rows that had landed stay; the next job goes on from there.", tone]
        if state == "failed" and seen.result is not None:
            return [f"The job failed in {seen.result.failure}", tone]
        if self._error is not None:
            return [f"{self._error} The job goes on in Stitch.", tone]
        return []

    def _summary(self) -> str:
        seen: JobLook = self.look
        if seen.started_at is None:
            return f"watched since {self._since:%H:%M:%S} UTC"
        ended = f", ended {seen.ended_at:%H:%M:%S} UTC" if seen.is_over and seen.ended_at is not None else ""
        return f"started {seen.started_at:%H:%M:%S} UTC{ended}"

    def _actions(self) -> list[dict[str, Any]]:
        if self.look.is_over:
            is_told = self._log is not None or self.look.log is not None
            return [] if is_told else [action("log", "Show the end of the log")]
        if self._error is not None:
            return [action("again", "Watch again")]
        return [action("stop", "Stop", off=self._is_stopping)]

    def _table(self) -> str:
        return (
            f"<p><strong>Job</strong> <code>{escape(self.job.job_name)}</code>: the monitor needs a page in which "
            "widgets run; <code>monitor.to_frame()</code> tells the same anywhere.</p>"
        )

    def __repr__(self) -> str:
        return f"JobMonitor({self.job.job_name!r})"


def _steps(seen: JobLook, part: str, *, is_watched: bool) -> list[dict[str, str]]:
    """Tell how each part stands.

    Parameters
    ----------
    part
        The one that was last seen at work, which is where a job was stopped.
    """
    parts = _OF_SANDBOX if seen.tells_rows else _OF_ACCOUNT
    names = [name for name, _ in parts]
    if seen.phase == "succeeded":
        at, state = len(parts), "done"
    elif seen.phase == "failed":
        at, state = names.index(_failed_part(seen, part, names)), "failed"
    else:
        at, state = (names.index(part) if part in names else 0), ("now" if is_watched else "next")
    states = ["done" if i < at else state if i == at else "next" for i in range(len(parts))]
    return [
        {"type": name, "title": title, "note": _NOTES[name], "state": state}
        for (name, title), state in zip(parts, states, strict=True)
    ]


def _failed_part(seen: JobLook, part: str, names: list[str]) -> str:
    failure = (seen.result.failure or "") if seen.result is not None else ""
    was_stopped = seen.result is not None and seen.result.was_stopped
    told = part if was_stopped else failure.partition(":")[0]
    if told in names:
        return told
    # Of an account's two parts the first holds discovery and tap; a load that failed is told as "load of …".
    return names[-1] if told == "target" or told.startswith("load") else names[0]
