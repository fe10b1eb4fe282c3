"""A form where no script runs: one line of text, and a table.

Both are the same on every run, and hold no credential.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from stitchnb.models._secret import MASK
from stitchnb.widgets.fields import FormField

_LONGEST = 80


def summary(fields: Iterable[FormField], *, is_update: bool) -> str:
    """Say how far a form is filled in: ``3 of 5 required given, 1 value to mend``, or ``2 changes`` of an update."""
    found = list(fields)
    if is_update:
        changed = sum(field.changed and not field.hidden for field in found)
        words = f"{changed or 'no'} {'change' if changed == 1 else 'changes'}"
        wrong = sum(field.error is not None for field in found)
    else:
        required = [field for field in found if field.required and not field.hidden]
        words = f"{sum(field.given for field in required)} of {len(required)} required given"
        wrong = sum(field.error is not None and not field.missing for field in found)
    return f"{words}, {wrong} {'value' if wrong == 1 else 'values'} to mend" if wrong else words


def table(title: str, type_name: str, state: str, groups: Sequence[tuple[str, Sequence[tuple[FormField, str]]]]) -> str:
    """Write a form as an HTML table.

    Parameters
    ----------
    title, type_name, state
        What stands above it.
    groups
        Each group's heading and its fields, each with the value that Stitch sets, or nothing.
    """
    rows = []
    for heading, fields in groups:
        rows.append(f'<tr><th colspan="4" scope="rowgroup" style="text-align:left">{escape(heading)}</th></tr>')
        rows += [_row(field, by_stitch) for field, by_stitch in fields]
    return "\n".join(
        [
            "<table>",
            f'<caption style="text-align:left"><b>{escape(title)}</b> <code>{escape(type_name)}</code>: '
            f"{escape(state)}</caption>",
            "<thead><tr>"
            + "".join(f'<th style="text-align:left">{name}</th>' for name in ("Property", "Name", "Value", "Note"))
            + "</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            "</table>",
        ]
    )


def _row(field: FormField, by_stitch: str) -> str:
    name = escape(field.label) + (" (required)" if field.required else "")
    note = f"To mend: {field.error}" if field.error else field.help
    cells = (name, f"<code>{escape(field.name)}</code>", escape(_value(field, by_stitch)), escape(note))
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def _value(field: FormField, by_stitch: str) -> str:
    if field.input.is_secret and field.given:
        return MASK
    value = field.text or by_stitch
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
