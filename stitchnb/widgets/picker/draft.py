"""What was chosen of streams and fields and is not applied, to be chosen again in another picker of the same source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidSelectionError, UnknownStreamError
from stitchnb.rules.selection.changes import Change
from stitchnb.widgets.picker.rows import counted

if TYPE_CHECKING:
    from stitchnb.client.catalog.stream import CatalogStream
    from stitchnb.widgets.picker.picker import StreamPicker

_WORDS = "What was chosen here before is shown again. It is not applied yet."
_CHOICES = {
    "replication-method": "replication_method",
    "replication-key": "replication_key",
    "view-key-properties": "view_keys",
}


@dataclass(frozen=True)
class PickerDraft:
    """What was chosen.

    Attributes
    ----------
    changes
        As the catalog lists them: those of a stream together.
    """

    changes: tuple[Change, ...]


def draft_of(picker: StreamPicker) -> PickerDraft | None:
    """Give what is chosen and not applied; None where nothing is."""
    changes = tuple(picker.catalog.pending)
    return PickerDraft(changes) if changes else None


def take_up(picker: StreamPicker, draft: PickerDraft) -> None:
    """Choose it again, and have the picker say that it is not applied, and what cannot be any more.

    Raises
    ------
    APIError
        When Stitch does not tell the fields that were chosen.
    """
    catalog = picker.catalog
    named = {change.tap_stream_id for change in draft.changes if change.breadcrumb}
    if wanted := [stream.tap_stream_id for stream in catalog if stream.tap_stream_id in named]:
        catalog.load(*wanted, progress=False)
    lost = 0
    for name, group in groupby(draft.changes, key=lambda change: change.tap_stream_id):
        changes = list(group)
        lost += _choose(catalog[name], changes) if name in catalog else len(changes)
    cannot = f" {counted(lost, 'choice')} cannot be made any more." if lost else ""
    picker._say("warn", f"{_WORDS}{cannot}")


def _choose(stream: CatalogStream, changes: list[Change]) -> int:
    """Choose again what was chosen of one stream; tell how much of it cannot be any more."""
    was_selected = stream.selected
    own = {change.key: change.after for change in changes if not change.breadcrumb}
    fields = [change for change in changes if change.breadcrumb]
    lost = _in_one_go(stream, fields)
    # A field that is selected takes its stream along; whether that is selected was chosen by itself.
    if own.get("selected", was_selected):
        stream.select()
    else:
        stream.deselect()
    for key, name in _CHOICES.items():
        if key in own:
            lost += not _can(stream.configure, **{name: own[key]})
    return lost


def _in_one_go(stream: CatalogStream, fields: Iterable[Change]) -> int:
    """Select and deselect fields, together where all of them can be, else one by one."""
    lost = 0
    for do, after in ((stream.select, True), (stream.deselect, False)):
        wanted = [change.breadcrumb for change in fields if change.after is after]
        if wanted and not _can(do, *wanted):
            lost += sum(not _can(do, breadcrumb) for breadcrumb in wanted)
    return lost


def _can(do: Any, *arguments: Any, **named: Any) -> bool:
    try:
        do(*arguments, **named)
    except (InvalidSelectionError, UnknownStreamError):
        return False
    return True
