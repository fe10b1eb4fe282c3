"""The steps of a wizard that are forms: what a source needs, and when it starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard
from stitchnb.widgets._schedule import SCHEDULE as SCHEDULE_PROPERTIES
from stitchnb.widgets._stage import Stage, StageOwner
from stitchnb.widgets._wizard_steps import FORM, TYPE, step_of
from stitchnb.widgets.source_form import SourceForm
from stitchnb.widgets.type_gallery import TypeGallery

if TYPE_CHECKING:
    from stitchnb.client import Source


class TypeStage(Stage):
    """The choice of a source type."""

    widget: TypeGallery

    def __init__(self, owner: StageOwner, choose: Callable[[ReportCard], object]) -> None:
        super().__init__(owner)
        self.widget = TypeGallery(owner.client.source_types.list(), on_choose=choose, on_error=owner.report)


class CreateStage(Stage):
    """The form of a source that is not there yet."""

    widget: SourceForm
    foot = ((TYPE, "Choose another type"),)

    def __init__(self, owner: StageOwner, type: str) -> None:
        super().__init__(owner)
        self.widget = SourceForm(owner.client, type, header=False)
        self.widget.observe_submit(lambda form: owner.moved(form.source))

    def press(self, name: str, value: str) -> None:
        """Go back to the gallery; what was filled in was for this type alone, and is not kept."""
        self.owner.go(TYPE)


class ChangeStage(Stage):
    """The form of a source that is there: saving it goes on to where the source then stands."""

    widget: SourceForm

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner)
        # A form that has still to be filled in leads nowhere else.
        if step_of(owner.live_source.report_card) != FORM:
            self.foot = (("back", "Leave it as it is"),)
        self.widget = SourceForm(owner.client, source=owner.live_source, header=False)
        self.widget.observe_submit(lambda form: self._saved(form.source))

    def press(self, name: str, value: str) -> None:
        """Go on without saving."""
        self.owner.moved(self.owner.client.sources.get(self.owner.live_source.id))

    def _saved(self, source: Source) -> None:
        if step_of(source.report_card) != FORM:
            self.owner.changed(source)
            return
        # A change may be a part of what is needed.
        self.owner.told(source)
        missing = [field.label for field in self.widget if field.missing]
        self.owner.report(InvalidInputError(f"Stitch still needs {', '.join(missing) or 'more'}: then it goes on."))


class ScheduleStage(Stage):
    """The schedule alone."""

    widget: SourceForm
    foot = (("continue", "Continue"),)

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner)
        source = owner.live_source
        names = {prop.name for prop in source.report_card.properties} & set(SCHEDULE_PROPERTIES)
        self.widget = SourceForm(owner.client, source=source, header=False, only=names)
        self.widget.observe_submit(lambda form: owner.told(form.source))

    def press(self, name: str, value: str) -> None:
        """Go on, with what was chosen: it is saved where it was not yet."""
        if self.widget.changes or self.widget.errors:
            self.widget.submit()
        else:
            self.owner.told(self.owner.client.sources.get(self.owner.live_source.id))
        self.owner.go_on()
