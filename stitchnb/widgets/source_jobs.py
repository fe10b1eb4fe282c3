"""The jobs of a source: the one that runs, watched live, and the last ones before it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.client import Job
from stitchnb.client.job_history import JobRun
from stitchnb.errors import AlreadyRunningError, StitchError
from stitchnb.models import ReplicationJob
from stitchnb.widgets._assets import asset
from stitchnb.widgets._messages import MessageError, one_of
from stitchnb.widgets._panel import Panel
from stitchnb.widgets._step_panel import action
from stitchnb.widgets._watching import Watcher
from stitchnb.widgets.job_monitor import JobMonitor

if TYPE_CHECKING:
    from stitchnb.client import Client, Source

_SHOWN_RUNS = 5
_POLL_S = 1.0
_TONES = {"running": "ok", "succeeded": "ok", "failed": "error", "stopped": "warn"}
_CONFIGURED = "fully_configured"


class JobsPanel(Panel):
    """The page's half of `SourceJobs`: the last jobs as a table, and the buttons."""

    _esm = asset("dom.js", "line.js", "source_jobs.js")
    _css = asset("card.css", "page.css", "source_jobs.css")

    def __init__(self, on_press: Callable[[str], None], on_error: Callable[[StitchError], None]) -> None:
        self._on_press = on_press
        self._on_error = on_error
        super().__init__({"runs": [], "tells_rows": False, "words": "", "trouble": "", "summary": "", "actions": []})

    def show(self, **content: Any) -> None:
        """Show other content; what is the same is not sent again."""
        told = {**self._content, **content}
        if told != self._content:
            self._content = told

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the buttons that can be pressed now."""
        return tuple(one["name"] for one in self._content["actions"] if not one["off"])

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "press":
            raise MessageError(f"{kind} is not known")
        self._on_press(one_of(content, "name", self.actions))

    def _refuse(self, error: StitchError) -> None:
        self._on_error(error)

    def _table(self) -> str:
        return f"<p><b>Jobs</b>: {len(self._content['runs'])} shown.</p>"

    def __repr__(self) -> str:
        return f"JobsPanel({len(self._content['runs'])} runs)"


class SourceJobs(ipywidgets.VBox):
    """The jobs of one source: started here or by the schedule, watched while they run, and listed afterwards.

    Of a sandbox, any job is found as soon as it runs. A real account does not tell that one runs: there the job that
    was started here is watched, and the last one that ended is told.

    Parameters
    ----------
    client
        The account.
    source
        The source, as Stitch last told it.
    """

    _is_closed = False
    _watcher: Watcher | None = None

    def __init__(self, client: Client, source: Source) -> None:
        self._client = client
        self._source = source
        self._runs: tuple[JobRun, ...] | None = None
        self._monitor: JobMonitor | None = None
        # What is seen in the background and what is pressed may meet.
        self._lock = threading.RLock()
        self._panel = JobsPanel(self._press, self._refuse)
        super().__init__([self._panel], _dom_classes=("sn-jobs",))
        self._draw()
        self._keep_looking()

    @property
    def monitor(self) -> JobMonitor | None:
        """The monitor of the job that runs, or of the last one that was seen to run."""
        return self._monitor

    def told(self, source: Source) -> None:
        """Take what Stitch told of the source: whether jobs can be started."""
        with self._lock:
            self._source = source
            self._draw()

    def start_job(self) -> Job:
        """Start a job now, and watch it.

        Raises
        ------
        AlreadyRunningError
            When one is under way.
        """
        job = self._client.jobs.start(self._source.id)
        self._watch(job)
        with self._lock:
            self._draw(trouble="")
        return job

    def refresh(self) -> None:
        """Ask for the last jobs again, in the background."""
        self._panel.show(trouble="")
        self._keep_looking()

    def close(self) -> None:
        """Stop looking, and let go of every widget; a job goes on."""
        self._is_closed = True
        self._stop_looking()
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
            self._draw(trouble="A job of this source is under way already: there is one at a time.")

    def _refuse(self, error: StitchError) -> None:
        if not self._is_closed:
            self._draw(trouble=str(error))

    def _keep_looking(self) -> None:
        self._stop_looking()
        self._watcher = Watcher(self._look, poll_s=lambda: _POLL_S, on_error=self._refuse)
        self._watcher.start()

    def _stop_looking(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()

    def _look(self) -> bool:
        """Look once; True where another look would tell nothing new, or cost one of the few requests there are."""
        runs = self._client.jobs.history(self._source.id)
        running = next((run for run in reversed(runs) if run.status == "running"), None)
        if running is not None:
            job = ReplicationJob({"job_name": running.job_name})
            self._watch(Job.bound(self._client, self._source.id, job))
        with self._lock:
            if not self._is_closed:
                self._runs = tuple(runs)
                self._draw()
        return self._is_closed or self._client.sandbox is None

    def _watch(self, job: Job) -> None:
        with self._lock:
            before = self._monitor
            if self._is_closed or (before is not None and before.job.job_name == job.job_name):
                return
            self._monitor = JobMonitor(job)
            self._monitor.observe(self._seen, "look")
            self.children = [self._panel, self._monitor]
            if before is not None:
                before.close()

    def _seen(self, change: dict[str, Any]) -> None:
        """Ask a real account anew once its job is over; of a sandbox that is looked at anyway."""
        if change["new"].is_over and self._client.sandbox is None and not self._is_closed:
            self._keep_looking()

    def _draw(self, *, trouble: str | None = None) -> None:
        with self._lock:
            runs = self._runs or ()
            is_running = any(run.status == "running" for run in runs)
            actions = [] if self._client.sandbox is not None else [action("refresh", "Refresh")]
            actions.append(action("start", "Start a job now", off=not self._can_start or is_running))
            content: dict[str, Any] = {
                "runs": [_row(run) for run in reversed(runs[-_SHOWN_RUNS:])],
                "tells_rows": self._client.sandbox is not None,
                "words": self._words(),
                "summary": self._summary(is_running),
                "actions": actions,
            }
            if trouble is not None:
                content["trouble"] = trouble
            self._panel.show(**content)

    def _words(self) -> str:
        if self._runs is None:
            return "Asking for the last jobs…"
        if self._runs:
            return ""
        return "No job of this source has ended yet." if self._client.sandbox is None else "No job has run yet."

    def _summary(self, is_running: bool) -> str:
        if not self._can_start:
            return "Jobs can be started once the steps above are done."
        if is_running:
            return "There is one job at a time."
        return "Starting one now does not change the schedule."

    def __repr__(self) -> str:
        return f"SourceJobs(source {self._source.id})"


def _row(run: JobRun) -> dict[str, Any]:
    return {
        "name": run.job_name,
        "started": f"{run.start_time:%Y-%m-%d %H:%M:%S}" if run.start_time is not None else "",
        "state": run.status,
        "tone": _TONES.get(run.status, "mute"),
        "took": _took(run.start_time, run.completion_time),
        "rows": None if run.rows is None else f"{sum(landed for landed, _ in run.rows.values()):,}",
        "failure": run.failure or "",
    }


def _took(begun: datetime | None, ended: datetime | None) -> str:
    if begun is None or ended is None:
        return ""
    seconds = max(0, round((ended - begun).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
