"""The jobs of a source: the running one, shown live, and the last ones that finished."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.client import Job
from stitchnb.client.jobs.jobs import JobRun
from stitchnb.errors import AlreadyRunningError, NotFoundError, StitchError
from stitchnb.models import ReplicationJob
from stitchnb.widgets._argument_checks import require_client, require_live_source
from stitchnb.widgets._bridge import MessageError, Panel, asset, one_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.jobs.monitor import JobMonitor
from stitchnb.widgets.wizard.panel import action

if TYPE_CHECKING:
    from stitchnb.client import Client, Source

_SHOWN_RUNS = 5
_POLL_S = 1.0
_TONES = {"running": "ok", "succeeded": "ok", "failed": "error", "stopped": "warn"}
_CONFIGURED = "fully_configured"
_LOADING = "Loading the last jobs…"
_ONE_AT_A_TIME = "A job of this source is already running. Only one can run at a time."


class JobsPanel(Panel):
    """The page's half of `SourceJobs`: the last jobs as a table, and the buttons."""

    _esm = asset("dom.js", "line.js", "source_jobs.js")
    _css = asset("card.css", "page.css", "source_jobs.css")

    def __init__(self, on_press: Callable[[str], None], on_error: Callable[[StitchError], None]) -> None:
        self._on_press = on_press
        self._on_error = on_error
        super().__init__(
            {"runs": [], "tells_rows": False, "words": _LOADING, "trouble": "", "summary": "", "actions": []}
        )

    def show(self, **content: Any) -> None:
        """Update some of the content; nothing is sent if it stays the same."""
        updated = {**self._content, **content}
        if updated != self._content:
            self._content = updated

    @property
    def message(self) -> str:
        """The error that is shown; empty when there is none."""
        return str(self._content["trouble"])

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the enabled buttons."""
        return tuple(one["name"] for one in self._content["actions"] if not one["off"])

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "press":
            raise MessageError(f"{kind} is not known")
        self._on_press(one_of(content, "name", self.actions))

    def _show_error(self, error: StitchError) -> None:
        self._on_error(error)

    def _table(self) -> str:
        return f"<p><b>Jobs</b>: {len(self._content['runs'])} shown.</p>"

    def __repr__(self) -> str:
        return f"JobsPanel({len(self._content['runs'])} runs)"


class SourceJobs(ipywidgets.VBox):
    """The jobs of one source: start one, watch it while it runs, and see the last ones.

    In a sandbox any running job is found. A real account does not report running jobs: there, a job that this client
    started is listed until it finishes, and then the last one that finished.

    Parameters
    ----------
    client
        The account.
    source
        The source, as Stitch last returned it.
    """

    _is_closed = False
    _watcher: Watcher | None = None

    def __init__(self, client: Client, source: Source) -> None:
        require_client(client, "SourceJobs")
        require_live_source(source, "SourceJobs")
        self._client = client
        self._source = source
        self._runs: tuple[JobRun, ...] | None = None
        # For a real account: the job that this client knows to run, and whether the finished ones must be loaded again.
        self._running_job: JobRun | None = None
        self._is_stale = True
        self._monitor: JobMonitor | None = None
        # Polling and clicks run in different threads.
        self._lock = threading.RLock()
        self._panel = JobsPanel(self._press, self._show_error)
        super().__init__([self._panel], _dom_classes=("sn-jobs",))
        self._draw()
        self._start_polling()

    @property
    def monitor(self) -> JobMonitor | None:
        """The monitor of the running job, or of the last one that ran."""
        return self._monitor

    def update_source(self, source: Source) -> None:
        """Store the source as Stitch returned it; it says whether jobs can be started."""
        with self._lock:
            self._source = source
            self._draw()

    def start_job(self) -> Job:
        """Start a job and watch it.

        Raises
        ------
        AlreadyRunningError
            When a job is running.
        """
        # A poll that began before the job started must not remove its row.
        self._stop_polling()
        try:
            job = self._client.jobs.start(self._source.id)
            with self._lock:
                self._watch(job)
                self._running_job = self._client.jobs.under_way(self._source.id)
                self._draw(message="")
        finally:
            self._start_polling()
        return job

    def refresh(self) -> None:
        """Load the last jobs again, in the background."""
        self._stop_polling()
        with self._lock:
            self._is_stale = True
            self._draw(message="")
        self._start_polling()

    def close(self) -> None:
        """Stop polling and close every widget; a job keeps running."""
        self._is_closed = True
        # After an error in the constructor nothing is watched.
        if hasattr(self, "_panel"):
            self._stop_polling()
            with self._lock:
                if self._monitor is not None:
                    self._monitor.close()
            self._panel.close()
        super().close()

    @property
    def _can_start(self) -> bool:
        return self._source.report_card.current_step_type == _CONFIGURED

    def _press(self, name: str) -> None:
        if name == "refresh":
            self.refresh()
            return
        try:
            self.start_job()
        except AlreadyRunningError:
            self._draw(message=_ONE_AT_A_TIME)
        except NotFoundError:
            self._draw(message="This source was deleted. Its rows in the destination are kept.")

    def _show_error(self, error: StitchError) -> None:
        if not self._is_closed:
            self._draw(message=str(error))

    def _start_polling(self) -> None:
        self._stop_polling()
        if not self._is_closed:
            watcher = Watcher(lambda: self._poll(watcher), poll_s=lambda: _POLL_S, on_error=self._show_error)
            self._watcher = watcher
            watcher.start()

    def _stop_polling(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()

    def _poll(self, watcher: Watcher) -> bool:
        """Poll once; a real account gets a request only when something may have changed."""
        if self._client.sandbox is not None:
            runs = self._client.jobs.history(self._source.id)
            running = next((run for run in reversed(runs) if run.status == "running"), None)
            self._update(watcher, runs, None, watched=running)
            return self._is_closed
        is_first, before = self._runs is None, self._running_job
        run = self._client.jobs.under_way(self._source.id)
        if self._is_stale or (before is not None and run != before):
            history, run = self._history_of_account()
            # A job started on this page later has its own monitor, and each poll uses up the rate limit.
            self._update(watcher, history, run, watched=run if is_first else None)
        elif run != before:
            self._update(watcher, self._runs, run)
        return self._is_closed

    def _history_of_account(self) -> tuple[Iterable[JobRun], JobRun | None]:
        """Load the finished jobs, and the running one as of the same moment."""
        before = self._client.jobs.under_way(self._source.id)
        history = self._client.jobs.history(self._source.id)
        run = self._client.jobs.under_way(self._source.id)
        if before is not None and run is None and all(one.job_name != before.job_name for one in history):
            # The job finished after this history was loaded, so only the next one lists it.
            history = self._client.jobs.history(self._source.id)
            run = self._client.jobs.under_way(self._source.id)
        return history, run

    def _update(
        self,
        watcher: Watcher,
        runs: Iterable[JobRun] | None,
        running: JobRun | None,
        *,
        watched: JobRun | None = None,
    ) -> None:
        """Show the result of a poll in one update, unless polling was stopped."""
        with self._lock:
            if self._is_closed or watcher.is_stopped:
                return
            is_first, before = self._runs is None, self._shown_runs()
            self._runs = None if runs is None else tuple(runs)
            self._running_job = running
            self._is_stale = False
            self._watch_run(watched)
            # The refusal because of a running job is out of date once that job finishes.
            has_ended = bool(_running(before) - _running(self._shown_runs()))
            is_new = not is_first and bool(_ended(self._shown_runs()) - _ended(before))
            is_past = (has_ended or is_new) and self._panel.message == _ONE_AT_A_TIME
            self._draw(message="" if is_past else None)

    def _shown_runs(self) -> tuple[JobRun, ...]:
        runs, run = self._runs or (), self._running_job
        # The running job may be in the history by now.
        if run is None or any(one.job_name == run.job_name for one in runs):
            return runs
        return (*runs, run)

    def _watch_run(self, run: JobRun | None) -> None:
        if run is not None:
            job = ReplicationJob({"job_name": run.job_name})
            self._watch(Job.from_response(self._client, job.to_dict(), {"source_id": self._source.id}))

    def _watch(self, job: Job) -> None:
        with self._lock:
            previous = self._monitor
            if self._is_closed or (previous is not None and previous.job.job_name == job.job_name):
                return
            self._monitor = JobMonitor(job)
            self.children = [self._panel, self._monitor]
            if previous is not None:
                previous.close()

    def _draw(self, *, message: str | None = None) -> None:
        with self._lock:
            runs = self._shown_runs()
            is_running = bool(_running(runs))
            is_sandbox = self._client.sandbox is not None
            actions = [] if is_sandbox else [action("refresh", "Refresh")]
            # The job of a real account may have finished already, so the button stays on and Stitch decides.
            actions.append(action("start", "Start job", off=not self._can_start or (is_running and is_sandbox)))
            content: dict[str, Any] = {
                "runs": [_row(run) for run in reversed(runs[-_SHOWN_RUNS:])],
                "tells_rows": is_sandbox,
                "words": self._placeholder(has_runs=bool(runs)),
                "summary": self._summary(is_running),
                "actions": actions,
            }
            if message is not None:
                content["trouble"] = message
            self._panel.show(**content)

    def _placeholder(self, *, has_runs: bool) -> str:
        if self._runs is None:
            return _LOADING
        if has_runs:
            return ""
        return "No job of this source has finished yet." if self._client.sandbox is None else "No job has run yet."

    def _summary(self, is_running: bool) -> str:
        if not self._can_start:
            return "Finish the steps above to start jobs."
        if is_running:
            return "Only one job can run at a time."
        return "Starting a job now does not change the schedule."

    def __repr__(self) -> str:
        return f"SourceJobs(source {self._source.id})"


def _running(runs: Iterable[JobRun]) -> set[str]:
    return {run.job_name for run in runs if run.status == "running"}


def _ended(runs: Iterable[JobRun]) -> set[str]:
    return {run.job_name for run in runs if run.status != "running"}


def _row(run: JobRun) -> dict[str, Any]:
    return {
        "name": run.job_name,
        "started": f"{run.start_time:%Y-%m-%d %H:%M:%S}" if run.start_time is not None else "",
        "state": run.status,
        "tone": _TONES.get(run.status, "mute"),
        "took": _duration(run.start_time, run.completion_time),
        "rows": None if run.rows is None else f"{sum(landed for landed, _ in run.rows.values()):,}",
        # A stopped job needs no reason.
        "failure": (run.failure or "") if run.status == "failed" else "",
    }


def _duration(started: datetime | None, ended: datetime | None) -> str:
    if started is None or ended is None:
        return ""
    seconds = max(0, round((ended - started).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
