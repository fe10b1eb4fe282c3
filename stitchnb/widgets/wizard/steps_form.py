"""The steps of a wizard that choose a type and fill in forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import ReportCard
from stitchnb.widgets.form.model import FormDraft
from stitchnb.widgets.form.schedule import SCHEDULE as SCHEDULE_PROPERTIES
from stitchnb.widgets.form.source import SourceForm
from stitchnb.widgets.gallery import TypeGallery
from stitchnb.widgets.wizard.step import FORM, TYPE, StepHost, WizardStep, step_of

if TYPE_CHECKING:
    from stitchnb.client import Source


class TypeStep(WizardStep):
    """Shows the gallery of source types."""

    widget: TypeGallery

    def __init__(self, host: StepHost, choose: Callable[[ReportCard], object]) -> None:
        super().__init__(host)
        self.widget = TypeGallery(host.client.source_types.list(), on_choose=choose, on_error=host.show_error)


class FormStep(WizardStep):
    """Shows a form; its unsaved changes are kept while another step is shown."""

    widget: SourceForm

    def __init__(self, host: StepHost, form: SourceForm) -> None:
        super().__init__(host)
        self.widget = form
        self._initial_draft = form._draft()

    def draft(self) -> FormDraft | None:
        """Return the changes since the form was made or last saved."""
        draft = self.widget._draft()
        return None if draft is None or draft == self._initial_draft else draft

    def restore_draft(self, draft: Any) -> None:
        """Fill in unsaved changes again."""
        self.widget._restore(draft)
        self.widget.on_change(lambda form: self.host.redraw())


class CreateStep(FormStep):
    """Shows the form that creates a source."""

    actions = ((TYPE, "Choose another type"),)

    def __init__(self, host: StepHost, type: str) -> None:
        super().__init__(host, SourceForm(host.client, type, header=False))
        self.widget.on_submit(lambda form: host.advance(form.source))

    def press(self, name: str, value: str) -> None:
        """Go back to the gallery."""
        self.host.go(TYPE)


class ChangeStep(FormStep):
    """Shows the form of an existing source; saving leads to the step that the source has reached."""

    def __init__(self, host: StepHost) -> None:
        super().__init__(host, SourceForm(host.client, source=host.live_source, header=False))
        # While the source still needs the form, there is nothing to cancel to.
        if step_of(host.live_source.report_card) != FORM:
            self.actions = (("back", "Cancel"),)
        self._is_cancelled = False
        self.widget.on_submit(lambda form: self._saved(form.source))

    def draft(self) -> FormDraft | None:
        """Return the unsaved changes, unless the user clicked Cancel."""
        return None if self._is_cancelled else super().draft()

    def press(self, name: str, value: str) -> None:
        """Leave without saving."""
        self._is_cancelled = True
        self.host.advance(self.host.client.sources.get(self.host.live_source.id))

    def _saved(self, source: Source) -> None:
        if step_of(source.report_card) != FORM:
            self.host.source_changed(source)
            return
        # Stitch may need more properties.
        self.host.update_source(source)
        missing = [field.label for field in self.widget if field.missing]
        self.host.show_error(InvalidInputError(f"Stitch still needs {', '.join(missing) or 'more properties'}."))


class ScheduleStep(FormStep):
    """Shows the schedule of the form."""

    actions = (("continue", "Continue"),)

    def __init__(self, host: StepHost) -> None:
        source = host.live_source
        names = {prop.name for prop in source.report_card.properties} & set(SCHEDULE_PROPERTIES)
        super().__init__(host, SourceForm(host.client, source=source, header=False, only=names))
        self.widget.on_submit(lambda form: host.update_source(form.source))

    def press(self, name: str, value: str) -> None:
        """Save the schedule if it changed, and show the next step."""
        if self.widget.changes or self.widget.errors:
            self.widget.submit()
        else:
            self.host.update_source(self.host.client.sources.get(self.host.live_source.id))
        self.host.go_to_next()
