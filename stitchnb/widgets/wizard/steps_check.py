"""The connection check of a source, as it goes on."""

from __future__ import annotations

import time

from stitchnb.errors import StitchError
from stitchnb.models import ConnectionCheck
from stitchnb.rules.report_cards.labels import step_title
from stitchnb.widgets.form import authorization as _authorization
from stitchnb.widgets.wizard import panel
from stitchnb.widgets.wizard.progress import CHECK, FORM, StepState, step_of
from stitchnb.widgets.wizard.step import PanelStage, StageOwner

_WATCHED_S = 600


class GrantStage(PanelStage):
    """Explains what is needed and where, and goes on by itself once Stitch has it."""

    ends_by_itself = False

    def __init__(self, owner: StageOwner, step: str) -> None:
        super().__init__(owner, step_title(step))
        self._step = step
        self._until = 0.0

    def begin(self) -> None:
        """Explain, and look now and then whether it was done."""
        self._watch()

    def press(self, name: str, value: str) -> None:
        """Look again, bring a client of one's own, or grant access in a sandbox."""
        if name == "form":
            self.owner.go(FORM)
            return
        if name == "authorize":
            self.owner.client.sandbox.authorize(self.owner.live_source.id)
        if not self._has_moved():
            self._watch(again=True)

    def went_wrong(self, error: StitchError) -> None:
        """Show why it cannot be seen, above what was there before."""
        self._show(problem=str(error), is_watched=False)

    def _watch(self, *, again: bool = False) -> None:
        self._show(again=again)
        self._until = time.monotonic() + _WATCHED_S
        self.watch(self._look)

    def _look(self) -> bool:
        if self._has_moved():
            return True
        if time.monotonic() <= self._until:
            return False
        self._show(is_watched=False)
        return True

    def _has_moved(self) -> bool:
        fresh = self.owner.client.sources.get(self.owner.live_source.id)
        if step_of(fresh.report_card) == self._step:
            return False
        self.moved(fresh)
        return True

    def _show(self, *, again: bool = False, problem: str = "", is_watched: bool = True) -> None:
        source, client = self.owner.live_source, self.owner.client
        card, in_sandbox = source.report_card, client.sandbox is not None
        by_stitch = [prop for prop in card.properties if prop.property_type == "system_provided_by_default"]
        found = _authorization.explanation(
            card, source=source, base_url=client.base_url, in_sandbox=in_sandbox, has_switch=bool(by_stitch)
        )
        if found is None:
            found = _authorization.Explanation(
                (f"Stitch's own app has a step for this source: {step_title(self._step)}. Then it goes on here.",),
                "" if in_sandbox else _authorization.stitch_link(source, client.base_url),
                resume_code=_authorization.resume_code(source.id, in_sandbox=in_sandbox),
            )
        blocks = [panel.note("error", problem)] if problem else []
        if again:
            blocks.append(
                panel.note("warn", f"Stitch does not have it yet: {step_title(self._step)} is still to be done.")
            )
        blocks += [panel.text(words) for words in found.notes]
        blocks.append({"kind": "next", **found.to_page()})
        actions = [panel.action("form", "Use my own OAuth client")] if by_stitch else []
        actions.append(panel.action("look", "Look again", primary=not in_sandbox))
        if in_sandbox:
            actions.append(panel.action("authorize", "Authorize in the sandbox", primary=True))
        summary = "This page goes on by itself once it is done." if is_watched else "Look again once it is done."
        self.show(blocks, summary=summary, actions=actions)


_MOST_LOOKS_AT_AN_OLD_CHECK = 10


class CheckStage(PanelStage):
    """Watches the last connection check.

    Parameters
    ----------
    goes_on
        Once it has succeeded, the wizard goes on with the source; otherwise one came to look at it, and it stays.
    """

    def __init__(self, owner: StageOwner, *, goes_on: bool) -> None:
        super().__init__(owner, "Connection check")
        self._goes_on = goes_on
        self._looks = 0
        self._begun = time.monotonic()

    def begin(self) -> None:
        """Look at the check until it has ended."""
        self._begun = time.monotonic()
        self._looks = 0
        self.owner.mark(CHECK, StepState.NOW)
        self._show_progress("Asking for the connection check")
        self.watch(self._look)

    def press(self, name: str, value: str) -> None:
        """Go back to the form, go on, or look again."""
        match name:
            case "correct":
                self.owner.go(FORM)
            case "continue":
                self.owner.moved(self.owner.client.sources.get(self.owner.live_source.id))
            case _:
                self.begin()

    def went_wrong(self, error: StitchError) -> None:
        """Show why the check cannot be seen; it goes on in Stitch all the same."""
        again = panel.action("look", "Look again", primary=True)
        self.show([panel.note("error", str(error))], actions=[again])

    def _look(self) -> bool:
        client, source = self.owner.client, self.owner.live_source
        check = client.connection_checks.last(source.id)
        if self._is_older(check):
            self._show_progress("Waiting for the connection check to begin")
            return False
        if not check.is_finished:
            self._show_progress(_under_way(check))
            return False
        if not check.succeeded:
            self._show_failure(check)
            return True
        fresh = client.sources.get(source.id)
        if step_of(fresh.report_card) == CHECK:
            # The check is done, and Stitch has still to take note of what was found.
            self._show_progress("Taking over the streams that were found")
            return False
        if self._goes_on:
            self.moved(fresh)
        else:
            self._show_success(check)
        return True

    def _is_older(self, check: ConnectionCheck) -> bool:
        """Is it the check before the one that the last change began? Stitch may need a moment; not for ever, though."""
        self._looks += 1
        wanted = self.owner.live_source.check_job_name
        return wanted is not None and check.name != wanted and self._looks <= _MOST_LOOKS_AT_AN_OLD_CHECK

    def _show_progress(self, words: str) -> None:
        self.show(
            [
                panel.text(
                    "Stitch tests what was given and looks which streams and fields there are. It runs by itself."
                ),
                panel.progress(words, elapsed_s=time.monotonic() - self._begun),
            ],
            summary="This goes on in the background; leaving this page is fine too.",
        )

    def _show_success(self, check: ConnectionCheck) -> None:
        self.show(
            [panel.note("ok", "The connection check succeeded."), panel.facts([*_times(check), *_facts(check)])],
            summary="Saving other properties begins a new check.",
            actions=[panel.action("continue", "Continue", primary=True)],
        )

    def _show_failure(self, check: ConnectionCheck) -> None:
        with self.owner.lock:
            if self.is_over:
                return
            self.owner.mark(CHECK, StepState.FAILED)
            self.show(
                [
                    panel.note("error", check.message or "Stitch gave no reason."),
                    panel.text("Correct what was given: saving it begins a new check. Nothing has to be typed again."),
                    panel.facts(_facts(check)),
                ],
                summary="The connection check failed.",
                actions=[
                    panel.action("look", "Look again"),
                    panel.action("correct", "Correct the properties", primary=True),
                ],
            )


def _under_way(check: ConnectionCheck) -> str:
    if check.discovery_exit_status is None:
        return "Connecting, and looking for streams and fields"
    return "Streams and fields were found: testing the rest"


def _times(check: ConnectionCheck) -> list[tuple[str, str]]:
    begun, ended = check.start_time, check.completion_time
    if ended is None:
        return []
    took = [("Took", f"{(ended - begun).total_seconds():,.0f} s")] if begun is not None else []
    return [("Ended", f"{ended:%Y-%m-%d %H:%M} UTC"), *took]


def _facts(check: ConnectionCheck) -> list[tuple[str, str]]:
    parts = (
        ("Discovery", check.discovery_exit_status),
        ("Check", check.check_exit_status),
        ("Tap", check.tap_exit_status),
        ("Target", check.target_exit_status),
    )
    return [(name, "good" if status == 0 else f"exit status {status}") for name, status in parts if status is not None]
