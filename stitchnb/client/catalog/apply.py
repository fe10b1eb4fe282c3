"""Writing what was chosen in a catalog: in few requests, with an account of what was written, and read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stitchnb.client import requests
from stitchnb.client._sansio import Sender, Steps, send
from stitchnb.client.catalog.patterns import told_names
from stitchnb.client.catalog.stream import CatalogStream
from stitchnb.errors import (
    APIError,
    InvalidInputError,
    InvalidSelectionError,
    SelectionApplyError,
    SelectionVerificationError,
    ServerError,
    StitchError,
)
from stitchnb.models import Breadcrumb
from stitchnb.rules.selection.changes import (
    Change,
    Difference,
    Kind,
    field_differences,
    parts_of,
    selections_of,
    stream_differences,
)
from stitchnb.rules.selection.columns import YES
from stitchnb.rules.selection.validate import Problem

if TYPE_CHECKING:
    import pandas as pd


def differences(earlier: Sequence[CatalogStream], later: Sequence[CatalogStream]) -> list[Difference]:
    """Compare the streams of two catalogs and their fields; see `CatalogView.diff`."""
    same = _same_streams(earlier, later)
    _refuse_half_loaded([(same[stream], stream) for stream in later if stream in same])
    found: list[Difference] = []
    for stream in later:
        found += _of_stream(same[stream], stream) if stream in same else [_whole(stream, "added")]
    kept = set(same.values())
    return found + [_whole(stream, "removed") for stream in earlier if stream not in kept]


def _same_streams(
    earlier: Sequence[CatalogStream], later: Sequence[CatalogStream]
) -> dict[CatalogStream, CatalogStream]:
    """Find for the later streams those that they were: by what the source calls them, else by name.

    Databases put their own name into what they call a stream; its table has the same name in another database.
    """
    by_id = {stream.tap_stream_id: stream for stream in earlier}
    same = {stream: by_id.pop(stream.tap_stream_id) for stream in later if stream.tap_stream_id in by_id}
    left = [stream for stream in later if stream not in same]
    counts = Counter(stream.stream_name for stream in left)
    other_counts = Counter(stream.stream_name for stream in by_id.values())
    by_name = {s.stream_name: s for s in by_id.values() if other_counts[s.stream_name] == 1}
    same |= {s: by_name[s.stream_name] for s in left if counts[s.stream_name] == 1 and s.stream_name in by_name}
    return same


def _refuse_half_loaded(pairs: Sequence[tuple[CatalogStream, CatalogStream]]) -> None:
    for which, missing in (
        ("earlier", [later for earlier, later in pairs if later.is_loaded and not earlier.is_loaded]),
        ("later", [later for earlier, later in pairs if earlier.is_loaded and not later.is_loaded]),
    ):
        if missing:
            raise InvalidInputError(
                f"The fields of {told_names(missing)} are not loaded in the {which} catalog and cannot be compared. "
                "Call its load()."
            )


def _whole(stream: CatalogStream, kind: Kind) -> Difference:
    return Difference(stream.tap_stream_id, stream.stream_name, (), kind, None, None, None, stream.selected)


def _of_stream(earlier: CatalogStream, later: CatalogStream) -> Iterator[Difference]:
    id_, name = later.tap_stream_id, later.stream_name
    for kind, key, before, after in stream_differences(earlier.metadata, later.metadata):
        yield Difference(id_, name, (), kind, key, before, after, later.selected)
    if not later.is_loaded:
        return
    fields = list(field_differences(earlier.columns, later.columns))
    if fields:
        landing = {**_landing(earlier), **_landing(later)}
        for breadcrumb, kind, key, before, after in fields:
            yield Difference(id_, name, breadcrumb, kind, key, before, after, landing[breadcrumb])


def _landing(stream: CatalogStream) -> dict[Breadcrumb, bool]:
    return dict(zip(stream.columns.breadcrumbs, stream.replicated(), strict=True))


@dataclass(frozen=True)
class Applied:
    """What was written.

    Attributes
    ----------
    changes
        What changed, read back and found to be so.
    requests
        How many requests it took.
    warnings
        What was written and does not do what one would think.
    """

    changes: tuple[Change, ...]
    requests: int
    warnings: tuple[Problem, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Show the changes as a DataFrame; see `Catalog.changes` for its columns."""
        from stitchnb import frames

        return frames.selection_changes(self.changes)

    def __repr__(self) -> str:
        if not self.changes:
            return "Applied(nothing to change)"
        told = f"Applied({_counted(len(self.changes), 'change')} in {_counted(self.requests, 'request')})"
        return "\n".join([told, *(f"Warning: {warning}" for warning in self.warnings)])


# Reads streams anew: the list of them all, and the fields of some.
Reading = Callable[[Sequence[CatalogStream]], Steps[None]]


def apply_changes(sender: Sender, source_id: int, streams: Sequence[CatalogStream], read: Reading) -> Steps[Applied]:
    """Write what is to be changed of the streams; see `Catalog.apply`.

    Each part is taken in as soon as Stitch has taken it, so that whatever happens then, an interruption included, what
    is left to apply is just what was not.
    """
    changed = [stream for stream in streams if stream.is_changed]
    problems = [problem for stream in changed for problem in stream.problems()]
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise InvalidSelectionError(errors)
    by_id = {stream.tap_stream_id: stream for stream in changed}
    changes = [change for stream in changed for change in stream.changes()]
    parts = parts_of(changes)
    for number, part in enumerate(parts):
        try:
            yield from send(sender, requests.select_streams(source_id, selections_of(part)))
        except StitchError as error:
            written = [change for one in parts[:number] for change in one]
            left = [change for one in parts[number + 1 :] for change in one]
            raise (yield from _account(by_id, written, part, left, read, error)) from error
        for stream_id, of_stream in _by_stream(part).items():
            by_id[stream_id]._accept(of_stream)
    if changes:
        try:
            yield from read(_with_changed_fields(by_id, changes))
        except StitchError as error:
            told = _counted(len(changes), "change")
            error.add_note(f"{told} applied, but reading back failed. source.catalog() shows what Stitch has now.")
            raise
        if differing := _differing(by_id, changes):
            raise SelectionVerificationError(differing)
    warnings = tuple(problem for problem in problems if problem.severity == "warning")
    return Applied(tuple(changes), len(parts), warnings)


def _account(
    by_id: dict[str, CatalogStream],
    written: list[Change],
    part: list[Change],
    left: list[Change],
    read: Reading,
    error: StitchError,
) -> Steps[SelectionApplyError]:
    """Find out what became of a part that failed, by looking; where that fails too, say what is known."""
    try:
        yield from read(_with_changed_fields(by_id, [*written, *part]))
    except StitchError:
        # Only a refusal says for certain that nothing was done.
        refused = isinstance(error, APIError) and not isinstance(error, ServerError)
        return SelectionApplyError(
            applied=written,
            not_applied=[*part, *left] if refused else left,
            uncertain=[] if refused else part,
            cause=error,
        )
    lost = {(d.tap_stream_id, d.breadcrumb, d.key) for d in _differing(by_id, [*written, *part])}
    here = [change for change in [*written, *part] if (change.tap_stream_id, change.breadcrumb, change.key) not in lost]
    gone = [change for change in [*written, *part] if (change.tap_stream_id, change.breadcrumb, change.key) in lost]
    return SelectionApplyError(applied=here, not_applied=[*gone, *left], uncertain=[], cause=error)


def _with_changed_fields(by_id: dict[str, CatalogStream], changes: Iterable[Change]) -> list[CatalogStream]:
    return [by_id[stream_id] for stream_id in dict.fromkeys(c.tap_stream_id for c in changes if c.breadcrumb)]


def _differing(by_id: dict[str, CatalogStream], changes: Iterable[Change]) -> list[Change]:
    """Compare what was written with what was read back; what differs is told from what was read to what was written."""
    found: list[Change] = []
    for stream_id, of_stream in _by_stream(changes).items():
        stream = by_id[stream_id]
        fields = _selected(stream) if any(change.breadcrumb for change in of_stream) else {}
        for change in of_stream:
            value = fields.get(change.breadcrumb) if change.breadcrumb else stream.saved_value(change.key)
            if not change.is_kept(value):
                found.append(Change(stream_id, change.stream_name, change.breadcrumb, change.key, value, change.after))
    return found


def _selected(stream: CatalogStream) -> dict[Breadcrumb, Any]:
    columns = stream.columns
    return {b: s == YES for b, s in zip(columns.breadcrumbs, columns.selected, strict=True)}


def _by_stream(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.tap_stream_id, []).append(change)
    return found


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
