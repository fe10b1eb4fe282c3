"""The steps of a wizard that are forms: what a source needs, and when it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard
from stitchnb.widgets.form.draft import FormDraft, draft_of, take_up
from stitchnb.widgets.form.schedule import SCHEDULE as SCHEDULE_PROPERTIES
from stitchnb.widgets.form.source import SourceForm
from stitchnb.widgets.gallery import TypeGallery
from stitchnb.widgets.wizard.progress import FORM, TYPE, step_of
from stitchnb.widgets.wizard.step import Stage, StageOwner

if TYPE_CHECKING:
    from stitchnb.client import Source


class TypeStage(Stage):
    """The choice of a source type."""

    widget: TypeGallery

    def __init__(self, owner: StageOwner, choose: Callable[[ReportCard], object]) -> None:
        super().__init__(owner)
        self.widget = TypeGallery(owner.client.source_types.list(), on_choose=choose, on_error=owner.report)


class FormStage(Stage):
    """A form, of which what is not saved yet is kept while another step is shown."""

    widget: SourceForm

    def __init__(self, owner: StageOwner, form: SourceForm) -> None:
        super().__init__(owner)
        self.widget = form
        self._begun = draft_of(form)

    def draft(self) -> FormDraft | None:
        """Give what was filled in since the form was made, or last saved."""
        found = draft_of(self.widget)
        return None if found is None or found == self._begun else found

    def take_up(self, draft: Any) -> None:
        """Fill in again what was left unsaved."""
        take_up(self.widget, draft)
        self.widget.observe_values(lambda form: self.owner.redraw())


class CreateStage(FormStage):
    """The form of a source that is not there yet."""

    foot = ((TYPE, "Choose another type"),)

    def __init__(self, owner: StageOwner, type: str) -> None:
        super().__init__(owner, SourceForm(owner.client, type, header=False))
        self.widget.observe_submit(lambda form: owner.moved(form.source))

    def press(self, name: str, value: str) -> None:
        """Go back to the gallery."""
        self.owner.go(TYPE)


class ChangeStage(FormStage):
    """The form of a source that is there: saving it goes on to where the source then stands."""

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner, SourceForm(owner.client, source=owner.live_source, header=False))
        # A form that has still to be filled in leads nowhere else.
        if step_of(owner.live_source.report_card) != FORM:
            self.foot = (("back", "Leave it as it is"),)
        self._is_dropped = False
        self.widget.observe_submit(lambda form: self._saved(form.source))

    def draft(self) -> FormDraft | None:
        """Give what was changed, unless one has said to leave it as it was."""
        return None if self._is_dropped else super().draft()

    def press(self, name: str, value: str) -> None:
        """Go on without saving."""
        self._is_dropped = True
        self.owner.moved(self.owner.client.sources.get(self.owner.live_source.id))

    def _saved(self, source: Source) -> None:
        if step_of(source.report_card) != FORM:
            self.owner.changed(source)
            return
        # A change may be a part of what is needed.
        self.owner.told(source)
        missing = [field.label for field in self.widget if field.missing]
        self.owner.report(InvalidInputError(f"Stitch still needs {', '.join(missing) or 'more'}: then it goes on."))


class ScheduleStage(FormStage):
    """The schedule alone."""

    foot = (("continue", "Continue"),)

    def __init__(self, owner: StageOwner) -> None:
        source = owner.live_source
        names = {prop.name for prop in source.report_card.properties} & set(SCHEDULE_PROPERTIES)
        super().__init__(owner, SourceForm(owner.client, source=source, header=False, only=names))
        self.widget.observe_submit(lambda form: owner.told(form.source))

    def press(self, name: str, value: str) -> None:
        """Go on, with what was chosen: it is saved where it was not yet."""
        if self.widget.changes or self.widget.errors:
            self.widget.submit()
        else:
            self.owner.told(self.owner.client.sources.get(self.owner.live_source.id))
        self.owner.go_on()
