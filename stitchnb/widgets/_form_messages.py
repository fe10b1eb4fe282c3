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


@dataclass(frozen=True)
class Left:
    """The focus left a field."""

    view: str
    name: str


@dataclass(frozen=True)
class Submitted:
    """The button was pressed; `attempt` is the number of attempts that the page knew of."""

    view: str
    attempt: int


Message = Ready | Typed | Left | Submitted


def read_message(content: Any) -> Message:
    """Read one message of the page.

    Raises
    ------
    MessageError
        When it is none of ours.
    """
    if not isinstance(content, Mapping):
        raise MessageError("a message is an object")
    view = _text(content, "view", longest=_LONGEST_NAME)
    match content.get("type"):
        case "ready":
            return Ready(view)
        case "input":
            return Typed(
                view, _text(content, "name", longest=_LONGEST_NAME), _text(content, "text", longest=_LONGEST_TEXT)
            )
        case "left":
            return Left(view, _text(content, "name", longest=_LONGEST_NAME))
        case "submit":
            attempt = content.get("attempt")
            if isinstance(attempt, bool) or not isinstance(attempt, int):
                raise MessageError("attempt is no number")
            return Submitted(view, attempt)
        case _:
            raise MessageError("unknown type of message")


def _text(content: Mapping[str, Any], key: str, *, longest: int) -> str:
    value = content.get(key)
    if not isinstance(value, str):
        raise MessageError(f"{key} is no text")
    if len(value) > longest:
        raise MessageError(f"{key} is longer than {longest} characters")
    return value
