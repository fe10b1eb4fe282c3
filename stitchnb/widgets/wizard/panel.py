"""A panel of blocks and buttons, as most steps of a wizard show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Literal

from stitchnb.errors import StitchError
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of

Block = dict[str, Any]
Cell = str | dict[str, str]
Tone = Literal["ok", "warn", "error", "mute"]


def text(text: str) -> Block:
    """Return a paragraph."""
    return {"kind": "text", "text": text}


def note(tone: Tone, text: str) -> Block:
    """Return a highlighted message; screen readers announce an error at once."""
    return {"kind": "note", "tone": tone, "text": text}


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return names with their values."""
    return {"kind": "facts", "facts": [list(pair) for pair in pairs]}


def progress(text: str, *, elapsed_s: float, share: float | None = None) -> Block:
    """Return a progress bar.

    Parameters
    ----------
    elapsed_s
        Seconds since the start.
    share
        The part that is done, from 0 to 1; None if unknown.
    """
    return {"kind": "progress", "text": text, "elapsed_s": round(elapsed_s, 1), "share": share}


def state(text: str, tone: Tone) -> dict[str, str]:
    """Return a table cell with a state."""
    return {"text": text, "tone": tone}


def table(caption: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[Cell]]) -> Block:
    """Return a table.

    Parameters
    ----------
    columns
        Name of each column, and whether it holds numbers, which are aligned right.
    """
    return {"kind": "table", "caption": caption, "columns": [list(c) for c in columns], "rows": [list(r) for r in rows]}


def choice(name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> Block:
    """Return a choice; `options` are values with their labels."""
    return {"kind": "choice", "name": name, "label": label, "options": [list(o) for o in options], "value": value}


def code(title: str, program: str) -> Block:
    """Return code with a Copy button."""
    return {"kind": "code", "title": title, "text": program}


def action(name: str, text: str, *, primary: bool = False, off: bool = False) -> dict[str, Any]:
    """Return a button; one that is off can have the focus but does nothing."""
    return {"name": name, "text": text, "primary": primary, "off": off}


class StepPanel(Panel):
    """Shows blocks and buttons.

    Parameters
    ----------
    label
        The name of the panel for screen readers.
    on_press
        Called with the name of a clicked button, or with the name and value of a choice.
    on_error
        Called with the error when a click fails.
    """

    _esm = asset("dom.js", "line.js", "next.js", "job_streams.js", "step_panel.js")
    _css = asset("card.css", "next.css", "step_panel.css", "job_streams.css")

    def __init__(
        self,
        label: str,
        *,
        on_press: Callable[[str, str], None],
        on_error: Callable[[StitchError], None],
    ) -> None:
        self._on_press = on_press
        self._on_error = on_error
        super().__init__({"label": label, "blocks": [], "summary": "", "actions": []})

    def show(self, blocks: Sequence[Block], *, summary: str = "", actions: Sequence[Mapping[str, Any]] = ()) -> None:
        """Replace the blocks and buttons."""
        self._content = {
            "label": self._content["label"],
            "blocks": list(blocks),
            "summary": summary,
            "actions": [dict(one) for one in actions],
        }

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the enabled buttons."""
        return tuple(one["name"] for one in self._content["actions"] if not one["off"])

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        name = text_of(content, "name")
        if kind == "press" and name in self.actions:
            self._on_press(name, "")
        elif kind == "choose" and (value := text_of(content, "value")) in self._choices(name):
            self._on_press(name, value)
        else:
            raise MessageError(f"cannot {kind} {name!r}")

    def _choices(self, name: str) -> list[str]:
        blocks = [b for b in self._content["blocks"] if b["kind"] == "choice" and b["name"] == name]
        return [value for block in blocks for value, _ in block["options"]]

    def _show_error(self, error: StitchError) -> None:
        self._on_error(error)

    def _table(self) -> str:
        texts = [escape(block["text"]) for block in self._content["blocks"] if "text" in block]
        return "".join(f"<p>{text}</p>" for text in texts)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._content['label']!r})"
