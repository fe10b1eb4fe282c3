"""JSON that shows itself: indented text in a terminal, with colours in a notebook, secrets masked in both."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from stitchnb.models import Secret

MOST_LINES = 1000

# JupyterLab's own colours of code, which follow its theme; elsewhere the text keeps the page's.
_COLOURS = {
    "name": "color:var(--jp-mirror-editor-property-color,inherit)",
    "text": "color:var(--jp-mirror-editor-string-color,inherit)",
    "number": "color:var(--jp-mirror-editor-number-color,inherit)",
    "word": "color:var(--jp-mirror-editor-keyword-color,inherit);font-weight:bold",
}
_PARTS = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*")(?=:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>\b(?:true|false|null)\b)'
    r"|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
)
_BOX = (
    "max-height:36em;overflow:auto;margin:0;white-space:pre-wrap;overflow-wrap:anywhere;"
    "font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);line-height:1.4"
)


class JsonObject(dict[str, Any]):
    """A JSON object of the API: a dict that shows itself as JSON."""

    def _repr_html_(self) -> str:
        return as_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(as_text(self))


class JsonArray(list[Any]):
    """A JSON array of the API: a list that shows itself as JSON."""

    def _repr_html_(self) -> str:
        return as_html(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(as_text(self))


class Text(str):
    """Lines of text, such as a log, that show themselves as lines."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self).rstrip("\n"))


def shown(answer: Any) -> Any:
    """Let JSON and text show itself; a secret and what is neither stay as they are."""
    if isinstance(answer, dict):
        return JsonObject(answer)
    if isinstance(answer, str) and not isinstance(answer, Secret):
        return Text(answer)
    return JsonArray(answer) if isinstance(answer, list) else answer


def as_text(value: Any, *, most_lines: int = MOST_LINES) -> str:
    """Write JSON with indents; one with very many lines is cut short and says so.

    Parameters
    ----------
    value
        What JSON can hold; a `Secret` is masked, and what stands for a secret is written by its name.
    """
    lines = json.dumps(_masked(value), indent=2, ensure_ascii=False, default=repr).split("\n")
    if len(lines) > most_lines:
        rest = f"… {most_lines:,} of {len(lines):,} lines shown; the value holds all"
        lines = [*lines[:most_lines], rest]
    return "\n".join(lines)


def as_html(value: Any) -> str:
    """Write JSON for a notebook, its names, texts and numbers told apart by the theme's own colours."""
    return as_block(coloured(as_text(value)), label="JSON")


def coloured(text: str) -> str:
    """Colour JSON text."""
    found, end = [], 0
    for part in _PARTS.finditer(text):
        kind = part.lastgroup or ""
        found.append(html.escape(text[end : part.start()], quote=False))
        found.append(f'<span style="{_COLOURS[kind]}">{html.escape(part[0], quote=False)}</span>')
        end = part.end()
    return "".join([*found, html.escape(text[end:], quote=False)])


def as_block(inner: str, *, label: str) -> str:
    """Put HTML into a block of code that scrolls by itself, and can be reached with the keyboard."""
    return f'<pre tabindex="0" role="region" aria-label="{html.escape(label)}" style="{_BOX}">{inner}</pre>'


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _masked(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    return str(value) if isinstance(value, Secret) else value
