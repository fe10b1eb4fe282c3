"""The jobs of a source: the one that runs, watched live, and the last ones before it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.client import Job
from stitchnb.client.jobs.history import JobRun
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
_ASKING = "Asking for the last jobs…"
_ONE_AT_A_TIME = "A job of this source is under way already: there is one at a time."


class JobsPanel(Panel):
    """The page's half of `SourceJobs`: the last jobs as a table, and the buttons."""

    _esm = asset("dom.js", "line.js", "source_jobs.js")
    _css = asset("card.css", "page.css", "source_jobs.css")

    def __init__(self, on_press: Callable[[str], None], on_error: Callable[[StitchError], None]) -> None:
        self._on_press = on_press
        self._on_error = on_error
        super().__init__(
            {"runs": [], "tells_rows": False, "words": _ASKING, "trouble": "", "summary": "", "actions": []}
        )

    def show(self, **content: Any) -> None:
        """Show other content; what is the same is not sent again."""
        told = {**self._content, **content}
        if told != self._content:
            self._content = told

    @property
    def trouble(self) -> str:
        """What it says that could not be done."""
        return str(self._content["trouble"])

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
    this client started is listed until it has ended, and the last one that ended is told.

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
        require_client(client, "SourceJobs")
        require_live_source(source, "SourceJobs")
        self._client = client
        self._source = source
        self._runs: tuple[JobRun, ...] | None = None
        # Of a real account: the job that the client knows to run, and whether to ask for those that have ended.
        self._under_way: JobRun | None = None
        self._is_stale = True
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
        # A look that began before the job did must not take its row away again.
        self._stop_looking()
        try:
            job = self._client.jobs.start(self._source.id)
            with self._lock:
                self._watch(job)
                self._under_way = self._client.jobs.under_way(self._source.id)
                self._draw(trouble="")
        finally:
            self._keep_looking()
        return job

    def refresh(self) -> None:
        """Ask for the last jobs again, in the background."""
        self._stop_looking()
        with self._lock:
            self._is_stale = True
            self._draw(trouble="")
        self._keep_looking()

    def close(self) -> None:
        """Stop looking, and let go of every widget; a job goes on."""
        self._is_closed = True
        # One that was refused at its beginning is closed too, and looks at nothing yet.
        if hasattr(self, "_panel"):
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
            self._draw(trouble=_ONE_AT_A_TIME)
        except NotFoundError:
            self._draw(trouble="This source was deleted meanwhile. Its rows in the destination stay.")

    def _refuse(self, error: StitchError) -> None:
        if not self._is_closed:
            self._draw(trouble=str(error))

    def _keep_looking(self) -> None:
        self._stop_looking()
        if not self._is_closed:
            watcher = Watcher(lambda: self._look(watcher), poll_s=lambda: _POLL_S, on_error=self._refuse)
            self._watcher = watcher
            watcher.start()

    def _stop_looking(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()

    def _look(self, watcher: Watcher) -> bool:
        """Look once; a real account is asked only where that can tell something new."""
        if self._client.sandbox is not None:
            runs = self._client.jobs.history(self._source.id)
            running = next((run for run in reversed(runs) if run.status == "running"), None)
            self._take(watcher, runs, None, watched=running)
            return self._is_closed
        is_first, before = self._runs is None, self._under_way
        run = self._client.jobs.under_way(self._source.id)
        if self._is_stale or (before is not None and run != before):
            history, run = self._history_of_account()
            # Whoever starts one later on this page watches it too, and each look takes one of few requests.
            self._take(watcher, history, run, watched=run if is_first else None)
        elif run != before:
            self._take(watcher, self._runs, run)
        return self._is_closed

    def _history_of_account(self) -> tuple[Iterable[JobRun], JobRun | None]:
        """Ask for the jobs that have ended, and give the one that runs as it stands at the same moment."""
        before = self._client.jobs.under_way(self._source.id)
        history = self._client.jobs.history(self._source.id)
        run = self._client.jobs.under_way(self._source.id)
        if before is not None and run is None and all(one.job_name != before.job_name for one in history):
            # A monitor saw the job end after this history was read, so only the next one lists it.
            history = self._client.jobs.history(self._source.id)
            run = self._client.jobs.under_way(self._source.id)
        return history, run

    def _take(
        self,
        watcher: Watcher,
        runs: Iterable[JobRun] | None,
        under_way: JobRun | None,
        *,
        watched: JobRun | None = None,
    ) -> None:
        """Show what a look has found, in one update, unless the look is out of date."""
        with self._lock:
            if self._is_closed or watcher.is_stopped:
                return
            is_first, before = self._runs is None, self._shown_runs()
            self._runs = None if runs is None else tuple(runs)
            self._under_way = under_way
            self._is_stale = False
            self._watch_run(watched)
            # What was refused because of a job is out of date once that job has ended.
            has_ended = bool(_running(before) - _running(self._shown_runs()))
            is_new = not is_first and bool(_ended(self._shown_runs()) - _ended(before))
            is_past = (has_ended or is_new) and self._panel.trouble == _ONE_AT_A_TIME
            self._draw(trouble="" if is_past else None)

    def _shown_runs(self) -> tuple[JobRun, ...]:
        runs, run = self._runs or (), self._under_way
        # What this client knows to run may be listed by now.
        if run is None or any(one.job_name == run.job_name for one in runs):
            return runs
        return (*runs, run)

    def _watch_run(self, run: JobRun | None) -> None:
        if run is not None:
            job = ReplicationJob({"job_name": run.job_name})
            self._watch(Job.from_response(self._client, job.to_dict(), {"source_id": self._source.id}))

    def _watch(self, job: Job) -> None:
        with self._lock:
            before = self._monitor
            if self._is_closed or (before is not None and before.job.job_name == job.job_name):
                return
            self._monitor = JobMonitor(job)
            self.children = [self._panel, self._monitor]
            if before is not None:
                before.close()

    def _draw(self, *, trouble: str | None = None) -> None:
        with self._lock:
            runs = self._shown_runs()
            is_running = bool(_running(runs))
            is_told = self._client.sandbox is not None
            actions = [] if is_told else [action("refresh", "Refresh")]
            # What a client remembers of a real account may have ended unseen: there Stitch itself says no.
            actions.append(action("start", "Start a job now", off=not self._can_start or (is_running and is_told)))
            content: dict[str, Any] = {
                "runs": [_row(run) for run in reversed(runs[-_SHOWN_RUNS:])],
                "tells_rows": is_told,
                "words": self._words(has_runs=bool(runs)),
                "summary": self._summary(is_running),
                "actions": actions,
            }
            if trouble is not None:
                content["trouble"] = trouble
            self._panel.show(**content)

    def _words(self, *, has_runs: bool) -> str:
        if self._runs is None:
            return _ASKING
        if has_runs:
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
        "took": _took(run.start_time, run.completion_time),
        "rows": None if run.rows is None else f"{sum(landed for landed, _ in run.rows.values()):,}",
        # Of one that was stopped the state says it all.
        "failure": (run.failure or "") if run.status == "failed" else "",
    }


def _took(begun: datetime | None, ended: datetime | None) -> str:
    if begun is None or ended is None:
        return ""
    seconds = max(0, round((ended - begun).total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes} min {seconds} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
