"""What a stream picker says in words: what is to be changed, what was, and what was not."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidSelectionError, SelectionNotAppliedError, StitchError

if TYPE_CHECKING:
    from stitchnb.client._catalog_apply import Applied
    from stitchnb.client.catalog import Catalog
    from stitchnb.rules.selection_changes import Change

# So many changes are named in the footer, and so many stand in the list; the rest is counted.
_MOST_NAMED = 3
_MOST_LISTED = 100
_MOST_ROWS = 100

MINUS = "\N{MINUS SIGN}"
_KEYS = {
    "selected": "selected",
    "replication-method": "method",
    "replication-key": "replication key",
    "view-key-properties": "view keys",
}


def counted(number: int, thing: str) -> str:
    """Write ``1 change`` or ``2,000 changes``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def pending(changes: Sequence[Change]) -> dict[str, Any]:
    """Tell the page what is to be changed: how much, the first of it by name, and a table."""
    return {
        "count": len(changes),
        "named": [_short(change) for change in changes[:_MOST_NAMED]],
        "rows": [
            [change.stream_name, change.field or "", _key(change), _value(change.before), _value(change.after)]
            for change in changes[:_MOST_LISTED]
        ],
    }


def success(applied: Applied) -> str:
    """Say what was applied."""
    done = f"Applied {counted(len(applied.changes), 'change')} in {counted(applied.requests, 'request')}."
    return "\n".join([done, *(f"Mind: {warning}" for warning in applied.warnings)])


def failure(error: StitchError) -> str:
    """Say what went wrong, and what became of each change."""
    if isinstance(error, InvalidSelectionError) and error.problems:
        return "\n".join(str(problem) for problem in error.problems[:_MOST_LISTED])
    if not isinstance(error, SelectionNotAppliedError):
        return str(error)
    lines = [str(error.__cause__)] if error.__cause__ is not None else []
    for words, changes in (
        ("Applied", error.applied),
        ("Not applied", error.not_applied),
        ("Perhaps applied, Stitch did not say", error.unsure),
    ):
        if changes:
            rest = len(changes) - _MOST_NAMED
            named = ", ".join(_short(change) for change in changes[:_MOST_NAMED])
            lines.append(f"{words}: {named}{f' and {rest:,} more' if rest > 0 else ''}")
    return "\n".join([*lines, "What is not applied is kept: Apply sends just that."])


def table(title: str, catalog: Catalog[Any]) -> str:
    """Write the streams as an HTML table, for where no script runs."""
    shown = list(catalog)[:_MOST_ROWS]
    heads = ("Stream", "left"), ("Selected", "left"), ("Replicated fields", "right"), ("Fields", "right")
    head = "".join(f'<th style="text-align:{side}">{name}</th>' for name, side in heads)
    rows = []
    for stream in shown:
        counts = [stream.replicated_count, stream.field_count] if stream.is_loaded else ["", ""]
        cells = [escape(stream.stream_name), "yes" if stream.selected else "no", *counts]
        sides = [side for _, side in heads]
        rows.append("".join(f'<td style="text-align:{s}">{c}</td>' for c, s in zip(cells, sides, strict=True)))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    cut = f"<p>{len(shown)} of {len(catalog):,} streams shown.</p>" if len(catalog) > len(shown) else ""
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
