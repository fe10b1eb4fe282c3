"""A step that a person takes in Stitch's own app: access that is granted, a profile that is chosen."""

from __future__ import annotations

import time

from stitchnb.errors import StitchError
from stitchnb.rules.words import step_title
from stitchnb.widgets import _authorization
from stitchnb.widgets import _step_panel as panel
from stitchnb.widgets._stage import PanelStage, StageOwner
from stitchnb.widgets._wizard_steps import FORM, step_of

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
