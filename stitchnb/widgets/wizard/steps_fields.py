"""The choice of streams and fields, as a step of a wizard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, StitchError
from stitchnb.widgets.picker.draft import PickerDraft, draft_of, take_up
from stitchnb.widgets.picker.picker import StreamPicker
from stitchnb.widgets.picker.rows import counted
from stitchnb.widgets.wizard.progress import FIELDS, step_of
from stitchnb.widgets.wizard.step import Stage, StageOwner

if TYPE_CHECKING:
    from stitchnb.client import Source


class FieldsStage(Stage):
    """The picker; once at least one stream and one of its fields are selected, the source is configured."""

    widget: StreamPicker
    foot = (("continue", "Continue"),)

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner)
        self.widget = StreamPicker(owner.live_source, header=False)
        self.widget.observe_apply(lambda picker: self._applied())

    def draft(self) -> PickerDraft | None:
        """Give what was chosen and is not applied."""
        return draft_of(self.widget)

    def take_up(self, draft: Any) -> None:
        """Choose again what was left unapplied."""
        take_up(self.widget, draft)
        self.widget.observe(lambda change: self.owner.redraw(), "_content")

    def press(self, name: str, value: str) -> None:
        """Go on, where something is selected and nothing would be lost."""
        waiting = len(self.widget.catalog.pending)
        if waiting:
            raise InvalidInputError(f"{counted(waiting, 'change')} not applied yet: apply or discard, then continue.")
        fresh = self._ask()
        with self.owner.one_update():
            self.owner.told(fresh)
            if step_of(fresh.report_card) == FIELDS:
                raise InvalidInputError(
                    "Select at least one stream and one of its fields, and apply it: then it goes on."
                )
            self.owner.go_on()

    def _applied(self) -> None:
        """Tell the wizard how the source stands now."""
        try:
            fresh = self._ask()
        except StitchError as error:
            # It was applied all the same.
            self.owner.report(error)
            return
        with self.owner.lock:
            if not self.is_over:
                self.owner.told(fresh)

    def _ask(self) -> Source:
        return self.owner.client.sources.get(self.owner.live_source.id)
