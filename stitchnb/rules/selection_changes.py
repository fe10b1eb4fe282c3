"""Changes of a selection, and how they are cut into requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.models import Breadcrumb, Selection
from stitchnb.models.stream import dotted_name

# Stitch names no bound for one request, but servers commonly take 1 MB by default. An entry is 100 to 200 bytes long:
# this many stay at half of that, and few selections need more than one request.
MOST_ENTRIES = 2_500


@dataclass(frozen=True, slots=True)
class Change:
    """One metadata value of a stream or field that is to be another.

    Attributes
    ----------
    tap_stream_id, stream_name
        The stream.
    breadcrumb
        The field; ``()`` is the stream itself.
    key
        Its name on the wire, such as ``selected`` or ``replication-key``.
    before, after
        Its values on the wire; None where there is none.
    """

    tap_stream_id: str
    stream_name: str
    breadcrumb: Breadcrumb
    key: str
    before: Any
    after: Any

    @property
    def field(self) -> str | None:
        """The field's dotted name; None for the stream itself."""
        return dotted_name(self.breadcrumb) if self.breadcrumb else None

    def is_kept(self, value: Any) -> bool:
        """Is a value that was read back the one that was written? ``null`` and false both mean not selected."""
        return bool((value is True) == (self.after is True) if self.key == "selected" else value == self.after)

    def __str__(self) -> str:
        where = f"{self.stream_name}.{self.field}" if self.breadcrumb else self.stream_name
        return f"{where}: {self.key} {self.before!r} → {self.after!r}"


def parts_of(changes: Iterable[Change], *, most: int = MOST_ENTRIES) -> list[list[Change]]:
    """Cut changes into as few requests as there can be of at most that many entries.

    Changes of one stream or field are one entry and stay together. Their order is kept, so a stream is selected before
    its fields are.
    """
    entries: dict[tuple[str, Breadcrumb], list[Change]] = {}
    for change in changes:
        entries.setdefault((change.tap_stream_id, change.breadcrumb), []).append(change)
    together = list(entries.values())
    return [
        [change for entry in together[start : start + most] for change in entry]
        for start in range(0, len(together), most)
    ]


def selections_of(changes: Sequence[Change]) -> list[Selection]:
    """Write changes as the API takes them: one selection for each stream."""
    streams: dict[str, dict[Breadcrumb, dict[str, Any]]] = {}
    for change in changes:
        stream = streams.setdefault(change.tap_stream_id, {})
        stream.setdefault(change.breadcrumb, {})[change.key] = change.after
    return [Selection.of(tap_stream_id, entries) for tap_stream_id, entries in streams.items()]
