"""What the page may tell the kernel about a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.widgets._bridge import MessageError, number_of, one_of, text_of, truth_of

_LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class ViewReady:
    """A view was drawn and asks for the present state."""

    view: str


@dataclass(frozen=True, repr=False)
class InputChanged:
    """The whole text that now stands in a field. It may be a credential, so it has no repr."""

    view: str
    name: str
    text: str
    as_json: bool = False


@dataclass(frozen=True)
class FieldBlurred:
    """The focus left a field."""

    view: str
    name: str


@dataclass(frozen=True)
class EditorToggled:
    """A list, rows or an object is to be edited as JSON, or in its own input again."""

    view: str
    name: str
    as_json: bool


@dataclass(frozen=True)
class ScheduleModeChanged:
    """Another kind of schedule was chosen."""

    view: str
    mode: str


@dataclass(frozen=True)
class OwnClientToggled:
    """The switch for what Stitch would give was turned."""

    view: str
    on: bool


@dataclass(frozen=True)
class CodeRequested:
    """The form is wanted as code, in Python or for curl."""

    view: str
    language: str


@dataclass(frozen=True)
class Submitted:
    """The button was pressed; `attempt` is the number of attempts that the page knew of."""

    view: str
    attempt: int


Message = (
    ViewReady
    | InputChanged
    | FieldBlurred
    | EditorToggled
    | ScheduleModeChanged
    | OwnClientToggled
    | CodeRequested
    | Submitted
)


def read_message(content: Any) -> Message:
    """Read one message of the page.

    Raises
    ------
    MessageError
        When it is none of ours.
    """
    if not isinstance(content, Mapping):
        raise MessageError("a message is an object")
    view = text_of(content, "view")
    match content.get("type"):
        case "ready":
            return ViewReady(view)
        case "input":
            text = text_of(content, "text", max_length=_LONGEST_TEXT)
            return InputChanged(view, text_of(content, "name"), text, truth_of(content, "json", default=False))
        case "left":
            return FieldBlurred(view, text_of(content, "name"))
        case "editor":
            return EditorToggled(view, text_of(content, "name"), truth_of(content, "json"))
        case "schedule":
            return ScheduleModeChanged(view, text_of(content, "mode"))
        case "own":
            return OwnClientToggled(view, truth_of(content, "on"))
        case "code":
            return CodeRequested(view, one_of(content, "language", ("python", "curl")))
        case "submit":
            return Submitted(view, number_of(content, "attempt"))
        case _:
            raise MessageError("unknown type of message")
