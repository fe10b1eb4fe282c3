"""What the page may tell the kernel about a form, and how it is checked on arrival.

A page is not trusted to be ours: an output may be old, or somebody else's script may speak through it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class MessageError(ValueError):
    """A message that is none of ours; it says why, and repeats nothing that was typed."""


_LONGEST_TEXT = 1_000_000
_LONGEST_NAME = 200


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
    view = _text(content, "view")
    match content.get("type"):
        case "ready":
            return Ready(view)
        case "input":
            text = _text(content, "text", longest=_LONGEST_TEXT)
            return Typed(view, _text(content, "name"), text, _truth(content, "json", default=False))
        case "left":
            return Left(view, _text(content, "name"))
        case "editor":
            return Editor(view, _text(content, "name"), _truth(content, "json"))
        case "schedule":
            return Chosen(view, _text(content, "mode"))
        case "own":
            return Switched(view, _truth(content, "on"))
        case "code":
            return Asked(view, _one_of(content, "language", ("python", "curl")))
        case "submit":
            attempt = content.get("attempt")
            if isinstance(attempt, bool) or not isinstance(attempt, int):
                raise MessageError("attempt is no number")
            return Submitted(view, attempt)
        case _:
            raise MessageError("unknown type of message")


def _text(content: Mapping[str, Any], key: str, *, longest: int = _LONGEST_NAME) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise MessageError(f"{key} is no text")
    if len(value) > longest:
        raise MessageError(f"{key} is longer than {longest} characters")
    return value


def _truth(content: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    value = content.get(key, default)
    if not isinstance(value, bool):
        raise MessageError(f"{key} is neither true nor false")
    return value


def _one_of(content: Mapping[str, Any], key: str, known: tuple[str, ...]) -> str:
    value = _text(content, key)
    if value not in known:
        raise MessageError(f"{key} is none of {', '.join(known)}")
    return value
