"""One step of a wizard: blocks one below the other, and a footer with what can be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, Literal

from stitchnb.errors import StitchError
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of

Block = dict[str, Any]
Cell = str | dict[str, str]
Tone = Literal["ok", "warn", "error", "mute"]


def text(words: str) -> Block:
    """Write a paragraph."""
    return {"kind": "text", "text": words}


def note(tone: Tone, words: str) -> Block:
    """Write what stands out; an error is announced at once."""
    return {"kind": "note", "tone": tone, "text": words}


def facts(pairs: Sequence[tuple[str, str]]) -> Block:
    """Write names with their values."""
    return {"kind": "facts", "facts": [list(pair) for pair in pairs]}


def progress(words: str, *, elapsed_s: float, share: float | None = None) -> Block:
    """Show that something goes on.

    Parameters
    ----------
    elapsed_s
        Seconds since it began.
    share
        How much of it is done, from 0 to 1; None where nobody knows.
    """
    return {"kind": "progress", "text": words, "elapsed_s": round(elapsed_s, 1), "share": share}


def state(words: str, tone: Tone) -> dict[str, str]:
    """Give a table's cell that tells a state."""
    return {"text": words, "tone": tone}


def table(caption: str, columns: Sequence[tuple[str, bool]], rows: Sequence[Sequence[Cell]]) -> Block:
    """Write a table.

    Parameters
    ----------
    columns
        Each with its name, and whether it holds numbers, which stand to the right.
    """
    return {"kind": "table", "caption": caption, "columns": [list(c) for c in columns], "rows": [list(r) for r in rows]}


def choice(name: str, label: str, options: Sequence[tuple[str, str]], value: str) -> Block:
    """Offer one of several; `options` are values with their words."""
    return {"kind": "choice", "name": name, "label": label, "options": [list(o) for o in options], "value": value}


def code(title: str, program: str) -> Block:
    """Show code that can be copied."""
    return {"kind": "code", "title": title, "text": program}


def action(name: str, words: str, *, primary: bool = False, off: bool = False) -> dict[str, Any]:
    """Describe a button; one that is off can be reached, and does nothing."""
    return {"name": name, "text": words, "primary": primary, "off": off}


class StepPanel(Panel):
    """Shows one step, and calls what its buttons are for.

    Parameters
    ----------
    label
        What it is, for those who do not see it.
    on_press
        Is called with the name of a button that was pressed, and of a choice with its value too.
    on_error
        Is called with what went wrong meanwhile.
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
        """Show these blocks and buttons, in the place of those before."""
        self._content = {
            "label": self._content["label"],
            "blocks": list(blocks),
            "summary": summary,
            "actions": [dict(one) for one in actions],
        }

    @property
    def actions(self) -> tuple[str, ...]:
        """The names of the buttons that can be pressed now."""
        return tuple(one["name"] for one in self._content["actions"] if not one["off"])

    def _hear(self, kind: str, content: Mapping[str, Any]) -> None:
        name = text_of(content, "name")
        if kind == "press" and name in self.actions:
            self._on_press(name, "")
        elif kind == "choose" and (value := text_of(content, "value")) in self._choices(name):
            self._on_press(name, value)
        else:
            raise MessageError(f"there is nothing to {kind} of that name")

    def _choices(self, name: str) -> list[str]:
        blocks = [b for b in self._content["blocks"] if b["kind"] == "choice" and b["name"] == name]
        return [value for block in blocks for value, _ in block["options"]]

    def _refuse(self, error: StitchError) -> None:
        self._on_error(error)

    def _table(self) -> str:
        told = [escape(block["text"]) for block in self._content["blocks"] if "text" in block]
        return "".join(f"<p>{words}</p>" for words in told)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._content['label']!r})"
