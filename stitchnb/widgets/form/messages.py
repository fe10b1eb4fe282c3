"""What the page may tell the kernel about a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.widgets._bridge import MessageError, number_of, one_of, text_of, truth_of

_LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Ready:
    """A view was drawn and asks for the present state."""

    view: str


@dataclass(frozen=True, repr=False)
class Typed:
    """The whole text that now stands in a field. It may be a credential, so it has no repr."""

    view: str
    name: str
    text: str
    as_json: bool = False


@dataclass(frozen=True)
class Left:
    """The focus left a field."""

    view: str
    name: str


@dataclass(frozen=True)
class Editor:
    """A list, rows or an object is to be edited as JSON, or in its own input again."""

    view: str
    name: str
    as_json: bool


@dataclass(frozen=True)
class Chosen:
    """Another kind of schedule was chosen."""

    view: str
    mode: str


@dataclass(frozen=True)
class Switched:
    """The switch for what Stitch would give was turned."""

    view: str
    on: bool


@dataclass(frozen=True)
class Asked:
    """The form is wanted as code, in Python or for curl."""

    view: str
    language: str


@dataclass(frozen=True)
class Submitted:
    """The button was pressed; `attempt` is the number of attempts that the page knew of."""

    view: str
    attempt: int


Message = Ready | Typed | Left | Editor | Chosen | Switched | Asked | Submitted


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
            return Ready(view)
        case "input":
            text = text_of(content, "text", longest=_LONGEST_TEXT)
            return Typed(view, text_of(content, "name"), text, truth_of(content, "json", default=False))
        case "left":
            return Left(view, text_of(content, "name"))
        case "editor":
            return Editor(view, text_of(content, "name"), truth_of(content, "json"))
        case "schedule":
            return Chosen(view, text_of(content, "mode"))
        case "own":
            return Switched(view, truth_of(content, "on"))
        case "code":
            return Asked(view, one_of(content, "language", ("python", "curl")))
        case "submit":
            return Submitted(view, number_of(content, "attempt"))
        case _:
            raise MessageError("unknown type of message")
