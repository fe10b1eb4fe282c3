"""Two catalogs beside each other: which streams are the same, and what is different of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from stitchnb.client._catalog_stream import CatalogStream
from stitchnb.client._stream_names import told_names
from stitchnb.errors import InvalidInputError
from stitchnb.models import Breadcrumb
from stitchnb.rules.selection_diff import Difference, Kind, field_differences, stream_differences


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
                f"Of {told_names(missing)} the {which} catalog has no fields, so that they cannot be compared: its "
                "load() asks for them."
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
