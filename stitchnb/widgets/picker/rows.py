"""The rows of a stream picker's page, in a compact form for thousands of streams and fields.

``picker_rows.js`` reads them and has the same flags.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntFlag
from html import escape
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidSelectionError, SelectionApplyError, StitchError
from stitchnb.rules.selection.columns import AUTOMATIC, UNSUPPORTED
from stitchnb.rules.selection.rules import reason_of_field

if TYPE_CHECKING:
    from stitchnb.client.catalog.apply import Applied
    from stitchnb.client.catalog.catalog import Catalog
    from stitchnb.client.catalog.stream import CatalogStream, FieldState
    from stitchnb.rules.selection.changes import Change
    from stitchnb.rules.selection.validate import Problem

# The footer names this many changes, and the list shows this many; the rest is counted.
_MAX_NAMED = 3
_MAX_LISTED = 100
_MAX_ROWS = 100

MINUS = "\N{MINUS SIGN}"
_KEYS = {
    "selected": "selected",
    "replication-method": "method",
    "replication-key": "replication key",
    "view-key-properties": "view keys",
}


def counted(number: int, thing: str) -> str:
    """Return a count with its noun: ``1 change`` or ``2,000 changes``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def pending(changes: Sequence[Change]) -> dict[str, Any]:
    """Describe the pending changes: their number, the first ones by name, and a table."""
    return {
        "count": len(changes),
        "named": [_short(change) for change in changes[:_MAX_NAMED]],
        "rows": [
            [change.stream_name, change.field or "", _key(change), _value(change.before), _value(change.after)]
            for change in changes[:_MAX_LISTED]
        ],
    }


def success(applied: Applied) -> str:
    """Return the message for a successful apply."""
    done = f"Saved {counted(len(applied.changes), 'change')}."
    return "\n".join([done, *(f"Note: {warning}" for warning in applied.warnings)])


def failure(error: StitchError) -> str:
    """Return the message for a failed apply, with the result of each change."""
    if isinstance(error, InvalidSelectionError) and error.problems:
        return "\n".join(str(problem) for problem in error.problems[:_MAX_LISTED])
    if not isinstance(error, SelectionApplyError):
        return str(error)
    lines = [str(error.__cause__)] if error.__cause__ is not None else []
    for title, changes in (
        ("Applied", error.applied),
        ("Not applied", error.not_applied),
        ("Status unknown", error.uncertain),
    ):
        if changes:
            rest = len(changes) - _MAX_NAMED
            named = ", ".join(_short(change) for change in changes[:_MAX_NAMED])
            lines.append(f"{title}: {named}{f' and {rest:,} more' if rest > 0 else ''}")
    return "\n".join([*lines, "Unsaved changes are kept. Click Apply to retry them."])


def table(title: str, catalog: Catalog[Any]) -> str:
    """Return the streams as an HTML table, for pages that run no script."""
    shown = list(catalog)[:_MAX_ROWS]
    heads = ("Stream", "left"), ("Selected", "left"), ("Replicated fields", "right"), ("Fields", "right")
    head = "".join(f'<th style="text-align:{side}">{name}</th>' for name, side in heads)
    rows = []
    for stream in shown:
        counts = [stream.replicated_count, stream.field_count] if stream.is_loaded else ["", ""]
        cells = [escape(stream.stream_name), "yes" if stream.selected else "no", *counts]
        sides = [side for _, side in heads]
        rows.append("".join(f'<td style="text-align:{s}">{c}</td>' for c, s in zip(cells, sides, strict=True)))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    cut = f"<p>Showing {len(shown)} of {len(catalog):,} streams</p>" if len(catalog) > len(shown) else ""
    caption = f'<caption style="text-align:left">{escape(title)}</caption>'
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{cut}"


def _short(change: Change) -> str:
    where = f"{change.stream_name}.{change.field}" if change.breadcrumb else change.stream_name
    if change.key == "selected":
        return f"{'+' if change.after else MINUS} {where}"
    return f"{where}: {_key(change)} {_value(change.after)}"


def _key(change: Change) -> str:
    return _KEYS.get(change.key, change.key)


def _value(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


# Name, flags and, once its fields are loaded, the number of replicated fields and of all fields.
StreamRow = list[Any]


class StreamFlag(IntFlag):
    """What the list shows of a stream."""

    SELECTED = 1
    CHANGED = 2
    LOADED = 4
    WHOLE = 8
    VIEW = 16
    HAS_PRIMARY_KEY = 32
    HAS_REPLICATION_KEY = 64
    WRONG = 128
    WARNED = 256


class FieldFlag(IntFlag):
    """What the table shows of a field."""

    TICKED = 1
    REPLICATED = 2
    LOCKED = 4
    CHANGED = 8
    PRIMARY_KEY = 16
    REPLICATION_KEY = 32
    WARNED = 64


def stream_row(stream: CatalogStream, name: str, problems: Sequence[Problem]) -> StreamRow:
    """Return the row of a stream in the list."""
    flags = StreamFlag(0)
    if stream.selected:
        flags |= StreamFlag.SELECTED
    if stream.is_changed:
        flags |= StreamFlag.CHANGED
    if stream.is_view:
        flags |= StreamFlag.VIEW
    if stream.table_keys:
        flags |= StreamFlag.HAS_PRIMARY_KEY
    if stream.replication_key or (stream.forced_method is not None and stream.valid_keys):
        flags |= StreamFlag.HAS_REPLICATION_KEY
    for problem in problems:
        flags |= StreamFlag.WRONG if problem.severity == "error" else StreamFlag.WARNED
    if not stream.is_loaded:
        return [name, int(flags)]
    deliverable = sum(code != UNSUPPORTED for code in stream.columns.inclusion)
    flags |= StreamFlag.LOADED
    if stream.selected and stream.replicated_count == deliverable:
        flags |= StreamFlag.WHOLE
    return [name, int(flags), stream.replicated_count, stream.field_count]


def stream_names(streams: Sequence[CatalogStream]) -> list[str]:
    """Return the names to show; streams with the same name also get their id."""
    names = [stream.stream_name for stream in streams]
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return [
        name if counts[name] == 1 else f"{name} ({stream.tap_stream_id})"
        for name, stream in zip(names, streams, strict=True)
    ]


def fields_of(stream: CatalogStream, problems: Sequence[Problem]) -> dict[str, Any]:
    """Describe an open stream: its keys, its method and its fields."""
    states = stream.fields()
    reasons: dict[str, int] = {}
    ticked = _ticked(stream, states)
    return {
        "id": stream.tap_stream_id,
        "view": stream.is_view,
        "rows": stream.row_count,
        "primary_key": list(stream.table_keys),
        **_choices(stream),
        "problems": [[problem.severity, problem.message] for problem in problems if not problem.breadcrumb],
        "fields": [
            [
                state.name,
                stream.columns.depth[position],
                state.types,
                state.sql_type or "",
                # The table says once, above the fields, that the stream is not selected.
                reasons.setdefault(reason_of_field(state.reason), len(reasons)),
                int(_flags(state, ticked=ticked[position])),
            ]
            for position, state in enumerate(states)
        ],
        "reasons": list(reasons),
        "notes": _notes(states, problems),
    }


def _flags(state: FieldState, *, ticked: bool) -> FieldFlag:
    flags = FieldFlag(0)
    if ticked:
        flags |= FieldFlag.TICKED
    if state.replicated:
        flags |= FieldFlag.REPLICATED
    if state.locked is not None:
        flags |= FieldFlag.LOCKED
    if state.is_changed:
        flags |= FieldFlag.CHANGED
    if "primary key" in state.roles:
        flags |= FieldFlag.PRIMARY_KEY
    if "replication key" in state.roles:
        flags |= FieldFlag.REPLICATION_KEY
    if state.conflicts:
        flags |= FieldFlag.WARNED
    return flags


def _ticked(stream: CatalogStream, states: Sequence[FieldState]) -> list[bool]:
    """Return which boxes are ticked: the fields that replicate once the stream is selected."""
    columns = stream.columns
    ticked: list[bool] = []
    for position, state in enumerate(states):
        inclusion, around = columns.inclusion[position], columns.around[position]
        if inclusion == AUTOMATIC:
            ticked.append(True)
        elif inclusion == UNSUPPORTED:
            ticked.append(False)
        elif state.locked is not None:
            # It follows its parent field, which comes first.
            ticked.append(ticked[around])
        elif state.selected is None:
            ticked.append(state.selected_by_default is True)
        else:
            ticked.append(state.selected)
    return ticked


def _choices(stream: CatalogStream) -> dict[str, Any]:
    """Describe how the stream is replicated, and the choices; an empty list if there is none."""
    writable = stream.columns.writable_keys
    method, forced = stream.replication_method, stream.forced_method
    can_choose_method = forced is None and "replication-method" in writable
    can_choose_key = method == "INCREMENTAL" and "replication-key" in writable
    keys = list(stream.valid_keys)
    if stream.replication_key and stream.replication_key not in keys:
        keys.insert(0, stream.replication_key)
    columns = stream.columns
    view_keys = [
        columns.names[position]
        for position, breadcrumb in enumerate(columns.breadcrumbs)
        if len(breadcrumb) == 2 and columns.inclusion[position] != UNSUPPORTED
    ]
    return {
        "method": method,
        "forced": forced is not None,
        "methods": list(stream.methods) if can_choose_method else [],
        "key": stream.replication_key or (keys[0] if forced is not None and len(keys) == 1 else None),
        "keys": keys if can_choose_key and (forced is None or len(keys) > 1) else [],
        "view_keys": list(stream.view_keys),
        "view_key_choices": view_keys if stream.is_view and "view-key-properties" in writable else [],
    }


def _notes(states: Sequence[FieldState], problems: Sequence[Problem]) -> dict[str, list[str]]:
    """Return the problems of fields by position: a short text and the whole message."""
    positions = {state.breadcrumb: position for position, state in enumerate(states)}
    notes: dict[str, list[str]] = {}
    for problem in problems:
        if problem.breadcrumb:
            short = "problem" if problem.severity == "error" else "note"
            notes[str(positions[problem.breadcrumb])] = [short, problem.message]
    # A conflict has two fields and is shown at one of them.
    for position, state in enumerate(states):
        if state.conflicts:
            others = " and ".join(state.conflicts)
            notes[str(position)] = [
                f"conflicts with {state.conflicts[0]}" + (" …" if len(state.conflicts) > 1 else ""),
                f"{state.name} can't be extracted together with {others}. Stitch accepts the selection, but the "
                "extraction fails. Deselect one of them.",
            ]
    return notes
