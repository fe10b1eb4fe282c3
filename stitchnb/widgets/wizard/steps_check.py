"""The steps of a wizard that wait for Stitch: sign-in in a browser, and the connection check."""

from __future__ import annotations

import time

from stitchnb.errors import StitchError
from stitchnb.models import ConnectionCheck
from stitchnb.rules.report_cards.labels import step_title
from stitchnb.widgets.form import authorization as _authorization
from stitchnb.widgets.wizard import panel
from stitchnb.widgets.wizard.step import CHECK, FORM, PanelStep, StepHost, StepState, step_of

_WATCHED_S = 600


class GrantStep(PanelStep):
    """Explains how to grant access in a browser, and continues once Stitch has it."""

    ends_automatically = False

    def __init__(self, host: StepHost, step: str) -> None:
        super().__init__(host, step_title(step))
        self._step = step
        self._until = 0.0

    def begin(self) -> None:
        """Show the explanation, and poll until access is granted."""
        self._watch()

    def press(self, name: str, value: str) -> None:
        """Check again, open the form, or grant access in the sandbox."""
        if name == "form":
            self.host.go(FORM)
            return
        if name == "authorize":
            self.host.client.sandbox.authorize(self.host.live_source.id)
        if not self._has_moved():
            self._watch(again=True)

    def on_error(self, error: StitchError) -> None:
        """Show why polling failed, above the explanation."""
        self._show(problem=str(error), is_watched=False)

    def _watch(self, *, again: bool = False) -> None:
        self._show(again=again)
        self._until = time.monotonic() + _WATCHED_S
        self.watch(self._poll)

    def _poll(self) -> bool:
        if self._has_moved():
            return True
        if time.monotonic() <= self._until:
            return False
        self._show(is_watched=False)
        return True

    def _has_moved(self) -> bool:
        fresh = self.host.client.sources.get(self.host.live_source.id)
        if step_of(fresh.report_card) == self._step:
            return False
        self.advance(fresh)
        return True

    def _show(self, *, again: bool = False, problem: str = "", is_watched: bool = True) -> None:
        source, client = self.host.live_source, self.host.client
        card, in_sandbox = source.report_card, client.sandbox is not None
        by_stitch = [prop for prop in card.properties if prop.property_type == "system_provided_by_default"]
        explanation = _authorization.explanation(
            card, source=source, base_url=client.base_url, in_sandbox=in_sandbox, has_switch=bool(by_stitch)
        )
        if explanation is None:
            explanation = _authorization.Explanation(
                (f"Finish this step in Stitch: {step_title(self._step)}. Setup then continues here.",),
                "" if in_sandbox else _authorization.stitch_link(source, client.base_url),
                resume_code=_authorization.resume_code(source.id, in_sandbox=in_sandbox),
            )
        blocks = [panel.note("error", problem)] if problem else []
        if again:
            blocks.append(panel.note("warn", f"Stitch has not finished this step yet: {step_title(self._step)}."))
        blocks += [panel.text(text) for text in explanation.notes]
        blocks.append({"kind": "next", **explanation.to_page()})
        actions = [panel.action("form", "Use my own OAuth app")] if by_stitch else []
        actions.append(panel.action("look", "Check again", primary=not in_sandbox))
        if in_sandbox:
            actions.append(panel.action("authorize", "Authorize", primary=True))
        summary = "Setup continues automatically." if is_watched else "Click Check again when you are done."
        self.show(blocks, summary=summary, actions=actions)


_MAX_POLLS_OF_OLD_CHECK = 10


class CheckStep(PanelStep):
    """Watches the last connection check.

    Parameters
    ----------
    advances
        Show the next step once the check succeeds; otherwise show the result.
    """

    def __init__(self, host: StepHost, *, advances: bool) -> None:
        super().__init__(host, "Connection check")
        self._advances = advances
        self._polls = 0
        self._started = time.monotonic()

    def begin(self) -> None:
        """Poll the check until it is finished."""
        self._started = time.monotonic()
        self._polls = 0
        self.host.set_status(CHECK, StepState.NOW)
        self._show_progress("Loading the connection check")
        self.watch(self._poll)

    def press(self, name: str, value: str) -> None:
        """Open the form, continue, or check again."""
        match name:
            case "correct":
                self.host.go(FORM)
            case "continue":
                self.host.advance(self.host.client.sources.get(self.host.live_source.id))
            case _:
                self.begin()

    def on_error(self, error: StitchError) -> None:
        """Show why polling failed; the check keeps running in Stitch."""
        again = panel.action("look", "Check again", primary=True)
        self.show([panel.note("error", str(error))], actions=[again])

    def _poll(self) -> bool:
        client, source = self.host.client, self.host.live_source
        check = client.connection_checks.last(source.id)
        if self._is_older(check):
            self._show_progress("Waiting for the connection check to start")
            return False
        if not check.is_finished:
            self._show_progress(_progress_text(check))
            return False
        if not check.succeeded:
            self._show_failure(check)
            return True
        fresh = client.sources.get(source.id)
        if step_of(fresh.report_card) == CHECK:
            # The check is finished, but the source does not list its streams yet.
            self._show_progress("Saving the streams")
            return False
        if self._advances:
            self.advance(fresh)
        else:
            self._show_success(check)
        return True

    def _is_older(self, check: ConnectionCheck) -> bool:
        """Is this the previous check? Stitch may take a moment to start the new one."""
        self._polls += 1
        expected = self.host.live_source.check_job_name
        return expected is not None and check.name != expected and self._polls <= _MAX_POLLS_OF_OLD_CHECK

    def _show_progress(self, text: str) -> None:
        self.show(
            [
                panel.text("Stitch is testing the connection and discovering streams. This can take a minute."),
                panel.progress(text, elapsed_s=time.monotonic() - self._started),
            ],
            summary="Runs in the background. You can leave this page.",
        )

    def _show_success(self, check: ConnectionCheck) -> None:
        self.show(
            [panel.note("ok", "The connection check succeeded."), panel.facts([*_times(check), *_facts(check)])],
            summary="Saving new settings starts a new check.",
            actions=[panel.action("continue", "Continue", primary=True)],
        )

    def _show_failure(self, check: ConnectionCheck) -> None:
        with self.host.lock:
            if self.is_closed:
                return
            self.host.set_status(CHECK, StepState.FAILED)
            self.show(
                [
                    panel.note("error", check.message or "Stitch returned no reason."),
                    panel.text("Fix the settings below. Saving starts a new check; other values are kept."),
                    panel.facts(_facts(check)),
                ],
                summary="The connection check failed.",
                actions=[
                    panel.action("look", "Check again"),
                    panel.action("correct", "Edit settings", primary=True),
                ],
            )


def _progress_text(check: ConnectionCheck) -> str:
    if check.discovery_exit_status is None:
        return "Connecting and discovering streams"
    return "Streams discovered. Running the remaining tests"


def _times(check: ConnectionCheck) -> list[tuple[str, str]]:
    started, ended = check.start_time, check.completion_time
    if ended is None:
        return []
    duration = [("Took", f"{(ended - started).total_seconds():,.0f} s")] if started is not None else []
    return [("Finished", f"{ended:%Y-%m-%d %H:%M} UTC"), *duration]


def _facts(check: ConnectionCheck) -> list[tuple[str, str]]:
    parts = (
        ("Discovery", check.discovery_exit_status),
        ("Check", check.check_exit_status),
        ("Tap", check.tap_exit_status),
        ("Target", check.target_exit_status),
    )
    return [
        (name, "passed" if status == 0 else f"exit status {status}") for name, status in parts if status is not None
    ]
