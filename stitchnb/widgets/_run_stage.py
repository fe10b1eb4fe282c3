"""A replication job of a source: started, watched, stopped."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from stitchnb.client import Job, JobLook, JobWatch
from stitchnb.errors import AlreadyRunningError, StitchError
from stitchnb.models import Source
from stitchnb.rules.cron_words import cron_words
from stitchnb.rules.quartz import CronError, CronExpression
from stitchnb.rules.words import interval_words, sentence
from stitchnb.widgets import _step_panel as panel
from stitchnb.widgets._job_rows import streams_block
from stitchnb.widgets._stage import PanelStage, StageOwner
from stitchnb.widgets._wizard_steps import ROWS, RUN, SCHEDULE, StepState

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
        self.watch(self._look, poll_s=lambda: self.owner.client.job_poll_s(self._watch.asked if self._watch else 1))

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
