"""The step of a wizard that selects streams and fields, and the changes in it that are not applied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, InvalidSelectionError, StitchError, UnknownStreamError
from stitchnb.rules.selection.changes import Change
from stitchnb.widgets.picker.picker import StreamPicker
from stitchnb.widgets.picker.rows import counted
from stitchnb.widgets.wizard.step import FIELDS, StepHost, WizardStep, step_of

if TYPE_CHECKING:
    from stitchnb.client import Source
    from stitchnb.client.catalog.stream import CatalogStream

_RESTORED = "Your earlier changes are restored. They are not applied yet."
_CHOICES = {
    "replication-method": "replication_method",
    "replication-key": "replication_key",
    "view-key-properties": "view_keys",
}


@dataclass(frozen=True)
class PickerDraft:
    """Changes of a picker that are not applied.

    Attributes
    ----------
    changes
        In the catalog's order: the changes of a stream follow each other.
    """

    changes: tuple[Change, ...]


def picker_draft(picker: StreamPicker) -> PickerDraft | None:
    """Return the changes that are not applied; None when there are none."""
    changes = tuple(picker.catalog.pending)
    return PickerDraft(changes) if changes else None


def restore_picker_draft(picker: StreamPicker, draft: PickerDraft) -> None:
    """Make the changes again, and say that they are not applied and how many are not possible anymore.

    Raises
    ------
    APIError
        When Stitch does not return the fields of a changed stream.
    """
    catalog = picker.catalog
    named = {change.tap_stream_id for change in draft.changes if change.breadcrumb}
    if to_load := [stream.tap_stream_id for stream in catalog if stream.tap_stream_id in named]:
        catalog.load(*to_load, show_progress=False)
    lost = 0
    for name, group in groupby(draft.changes, key=lambda change: change.tap_stream_id):
        changes = list(group)
        lost += _restore_stream(catalog[name], changes) if name in catalog else len(changes)
    skipped = f" {counted(lost, 'change')} could not be restored." if lost else ""
    picker.show_message("warn", f"{_RESTORED}{skipped}")


def _restore_stream(stream: CatalogStream, changes: list[Change]) -> int:
    """Make the changes of one stream again, and return how many are not possible anymore."""
    was_selected = stream.selected
    stream_changes = {change.key: change.after for change in changes if not change.breadcrumb}
    fields = [change for change in changes if change.breadcrumb]
    lost = _restore_fields(stream, fields)
    # Selecting a field selects its stream too, so the stream's own choice comes after its fields.
    if stream_changes.get("selected", was_selected):
        stream.select()
    else:
        stream.deselect()
    for key, name in _CHOICES.items():
        if key in stream_changes:
            lost += not _succeeds(stream.configure, **{name: stream_changes[key]})
    return lost


def _restore_fields(stream: CatalogStream, fields: Iterable[Change]) -> int:
    """Select and deselect fields, together if possible, else one by one; return how many failed."""
    lost = 0
    for do, after in ((stream.select, True), (stream.deselect, False)):
        breadcrumbs = [change.breadcrumb for change in fields if change.after is after]
        if breadcrumbs and not _succeeds(do, *breadcrumbs):
            lost += sum(not _succeeds(do, breadcrumb) for breadcrumb in breadcrumbs)
    return lost


def _succeeds(do: Any, *arguments: Any, **named: Any) -> bool:
    try:
        do(*arguments, **named)
    except (InvalidSelectionError, UnknownStreamError):
        return False
    return True


class FieldsStep(WizardStep):
    """Shows the stream picker; the source is configured once a stream and one of its fields are selected."""

    widget: StreamPicker
    actions = (("continue", "Continue"),)

    def __init__(self, host: StepHost) -> None:
        super().__init__(host)
        self.widget = StreamPicker(host.live_source, header=False)
        self.widget.on_apply(lambda picker: self._applied())

    def draft(self) -> PickerDraft | None:
        """Return the changes that are not applied."""
        return picker_draft(self.widget)

    def restore_draft(self, draft: Any) -> None:
        """Make changes again that were not applied."""
        restore_picker_draft(self.widget, draft)
        self.widget.observe(lambda change: self.host.redraw(), "_content")

    def press(self, name: str, value: str) -> None:
        """Continue if something is selected and no change is pending."""
        pending = len(self.widget.catalog.pending)
        if pending:
            raise InvalidInputError(f"{counted(pending, 'change')} not applied. Click Apply or Discard, then Continue.")
        source = self._fetch_source()
        with self.host.one_update():
            self.host.update_source(source)
            if step_of(source.report_card) == FIELDS:
                raise InvalidInputError("Select at least one stream and field, then click Apply to continue.")
            self.host.go_to_next()

    def _applied(self) -> None:
        """Fetch the source for the wizard after Apply."""
        try:
            source = self._fetch_source()
        except StitchError as error:
            # The changes are applied, whatever this request returns.
            self.host.show_error(error)
            return
        with self.host.lock:
            if not self.is_closed:
                self.host.update_source(source)

    def _fetch_source(self) -> Source:
        return self.host.client.sources.get(self.host.live_source.id)
