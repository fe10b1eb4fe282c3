"""The messages that the page of a form sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.widgets._bridge import MessageError, number_of, one_of, text_of, truth_of

_MAX_TEXT_LENGTH = 1_000_000


@dataclass(frozen=True)
class ViewReady:
    """A view was drawn and needs the current state."""

    view: str


@dataclass(frozen=True, repr=False)
class InputChanged:
    """The text of an input changed. It may be a credential, so the message has no repr."""

    view: str
    name: str
    text: str
    as_json: bool = False


@dataclass(frozen=True)
class FieldBlurred:
    """A field lost the focus."""

    view: str
    name: str


@dataclass(frozen=True)
class EditorToggled:
    """The user switched between JSON and the field's own input."""

    view: str
    name: str
    as_json: bool


@dataclass(frozen=True)
class ScheduleModeChanged:
    """The user chose another kind of schedule."""

    view: str
    mode: str


@dataclass(frozen=True)
class OwnClientToggled:
    """The user turned the switch for their own OAuth app."""

    view: str
    on: bool


@dataclass(frozen=True)
class CodeRequested:
    """The user asked for the form as Python or curl."""

    view: str
    language: str


@dataclass(frozen=True)
class Submitted:
    """The user clicked the button; `attempt` is the number of attempts that the page knew of."""

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


def read_message(kind: str, content: Mapping[str, Any]) -> Message:
    """Return a message of the page as an object.

    Raises
    ------
    MessageError
        When the message is not valid.
    """
    view = text_of(content, "view")
    match kind:
        case "ready":
            return ViewReady(view)
        case "input":
            text = text_of(content, "text", max_length=_MAX_TEXT_LENGTH)
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
            raise MessageError("the type is not known")
