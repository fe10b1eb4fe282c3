"""What is selected in a catalog as plain words, and such words chosen in another catalog."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from stitchnb.client.catalog.patterns import told_names
from stitchnb.client.catalog.stream import CatalogStream
from stitchnb.errors import InvalidInputError, InvalidSelectionError, UnknownStreamError, near_names
from stitchnb.models import Breadcrumb
from stitchnb.models.stream import dotted_name
from stitchnb.rules.selection.columns import AUTOMATIC, NO, YES
from stitchnb.rules.selection.validate import Problem, selecting_error
from stitchnb.rules.selection.yaml_file import MARK, VERSION, Choice, SelectionFile, StreamChoice

if TYPE_CHECKING:
    from stitchnb.client.catalog.view import CatalogView


def selection_of(catalog: CatalogView, *, source_type: str | None) -> dict[str, Any]:
    """Give what is selected in a catalog; see `CatalogView.selection`."""
    counts = Counter(name for s in catalog for name in {s.stream_name, s.tap_stream_id})
    selected = (stream for stream in catalog if stream.selected)
    return {
        MARK: VERSION,
        **({} if source_type is None else {"source_type": source_type}),
        "streams": {s.stream_name if counts[s.stream_name] == 1 else s.tap_stream_id: _choices(s) for s in selected},
    }


def _choices(stream: CatalogStream) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if stream.forced_method is None and stream.replication_method is not None:
        told["replication_method"] = stream.replication_method
    if stream.replication_key is not None:
        told["replication_key"] = stream.replication_key
    if stream.view_keys:
        told["view_keys"] = list(stream.view_keys)
    # A selected field inside of one that is not does not land: it is no choice that could be made anew.
    columns, landing = stream.columns, stream.replicated()
    counts = Counter(columns.names)
    fields = [
        columns.names[p] if counts[columns.names[p]] == 1 else columns.breadcrumbs[p]
        for p in sorted(stream.selected_positions())
        if landing[p] and columns.inclusion[p] != AUTOMATIC
    ]
    return told | ({"fields": fields} if fields else {})


def take_selection(catalog: CatalogView, selection: SelectionFile, *, source_type: str | None) -> list[Problem]:
    """Choose in a catalog just what a selection says.

    Returns
    -------
    list
        What could not be chosen.

    Raises
    ------
    InvalidInputError
        When it is of another type of source, or when fields are needed that were not asked for yet.
    """
    _refuse_another_type(selection.source_type, source_type)
    problems: list[Problem] = []
    chosen: dict[str, StreamChoice] = {}
    for of_stream in selection.streams:
        try:
            stream = catalog[of_stream.name.value]
        except InvalidInputError as error:
            problems.append(Problem("error", "", of_stream.name.value, (), f"{of_stream.name.place}: {error}"))
            continue
        if stream.tap_stream_id in chosen:
            names = f"{chosen[stream.tap_stream_id].name.value!r} and {of_stream.name.value!r}"
            raise InvalidInputError(f"{of_stream.name.place}: {names} are one stream.")
        chosen[stream.tap_stream_id] = of_stream
    _refuse_missing_fields(stream for stream in catalog if stream.tap_stream_id in chosen)
    for stream in catalog:
        if stream.tap_stream_id in chosen:
            problems += _take_stream(stream, chosen[stream.tap_stream_id])
        else:
            stream._write("selected", False)
    return problems


def _take_stream(stream: CatalogStream, said: StreamChoice) -> Iterator[Problem]:
    wanted: set[int] = set()
    called: dict[str | Breadcrumb, list[int]] = {}
    for position, (name, breadcrumb) in enumerate(zip(stream.columns.names, stream.columns.breadcrumbs, strict=True)):
        called.setdefault(name, []).append(position)
        called[breadcrumb] = [position]
    for field in said.fields:
        found = _selectable(stream, field, called.get(field.value, ()))
        if isinstance(found, Problem):
            yield found
        else:
            wanted.add(found)
    stream._choose(stream.selected_positions() - wanted, set(), NO)
    stream._choose(wanted, set(), YES)
    stream._write("selected", True)
    for key, choice in said.keys.items():
        try:
            stream.configure(**{key: choice.value})
        except InvalidSelectionError as error:
            yield from (_problem(stream, (), choice, problem.message) for problem in error.problems)
        except UnknownStreamError as error:
            yield _problem(stream, (), choice, str(error))


def _selectable(stream: CatalogStream, field: Choice, found: Sequence[int]) -> int | Problem:
    """Take the one field that is called so and can be selected, or say why there is none."""
    columns = stream.columns
    breadcrumb: Breadcrumb = ("properties", field.value) if isinstance(field.value, str) else field.value
    if len(found) > 1:
        which = " or ".join(f"[{', '.join(columns.breadcrumbs[position])}]" for position in found)
        return _problem(stream, breadcrumb, field, f"{len(found)} fields have this name. Write {which}")
    if not found:
        near = near_names(dotted_name(breadcrumb), columns.names)
        hint = f". Did you mean {' or '.join(map(repr, near))}?" if near else ""
        return _problem(stream, breadcrumb, field, f"there is no such field{hint}")
    refusal = selecting_error(columns, found[0])
    return found[0] if refusal is None else _problem(stream, breadcrumb, field, refusal)


def _problem(stream: CatalogStream, breadcrumb: Breadcrumb, choice: Choice, message: str) -> Problem:
    return Problem("error", stream.tap_stream_id, stream.stream_name, breadcrumb, f"{choice.place}: {message}")


def _refuse_another_type(said: Choice | None, source_type: str | None) -> None:
    if said is not None and source_type is not None and said.value != source_type:
        raise InvalidInputError(
            f"{said.place}: this is a selection of a {said.value} source, and this source is {source_type}. Without "
            "that line it is tried all the same."
        )


def _refuse_missing_fields(streams: Iterable[CatalogStream]) -> None:
    missing = [stream for stream in streams if not stream.is_loaded]
    if missing:
        raise InvalidInputError(f"The fields of {told_names(missing)} are not loaded. Call catalog.load().")
