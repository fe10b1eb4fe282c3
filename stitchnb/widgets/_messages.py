"""What a page may tell the kernel, checked on arrival.

A page is not trusted to be ours: an output may be old, or somebody else's script may speak through it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

LONGEST_NAME = 200


class MessageError(ValueError):
    """A message that is none of ours; it says why, and repeats nothing that was typed."""


def text_of(content: Mapping[str, Any], key: str, *, longest: int = LONGEST_NAME) -> str:
    """Read a text of a message."""
    value = content.get(key)
    if not isinstance(value, str):
        raise MessageError(f"{key} is no text")
    if len(value) > longest:
        raise MessageError(f"{key} is longer than {longest} characters")
    return value


def truth_of(content: Mapping[str, Any], key: str, *, default: bool | None = None) -> bool:
    """Read what is true or false in a message."""
    value = content.get(key, default)
    if not isinstance(value, bool):
        raise MessageError(f"{key} is neither true nor false")
    return value


def number_of(content: Mapping[str, Any], key: str) -> int:
    """Read a whole number of a message."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise MessageError(f"{key} is no number")
    return value


def one_of(content: Mapping[str, Any], key: str, known: Collection[str]) -> str:
    """Read a text of a message that is one of those that are known."""
    value = text_of(content, key)
    if value not in known:
        raise MessageError(f"{key} is none of {', '.join(known)}")
    return value
