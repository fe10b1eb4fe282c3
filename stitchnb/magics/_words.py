"""The line behind ``%connect``: split into words, and Python expressions in braces filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.client.endpoints import ENDPOINTS
from stitchnb.errors import InvalidInputError

_PARTS = frozenset(name for endpoint in ENDPOINTS for name in endpoint.names)


@dataclass(frozen=True)
class Word:
    """One word, without the quotes around it, and where in the line it begins."""

    text: str
    start: int


def words(line: str) -> list[Word]:
    """Split a line at its spaces, but not inside quotes or braces; what follows a ``#`` is a comment.

    Raises
    ------
    InvalidInputError
        When a quote or a brace is never closed.

    Examples
    --------
    >>> [word.text for word in words("GET /v4/sources/{ids[ 0 ]} --raw  # the first")]
    ['GET', '/v4/sources/{ids[ 0 ]}', '--raw']
    """
    found: list[Word] = []
    text, start, depth, quote = "", -1, 0, ""
    for position, character in enumerate(line):
        if quote:
            if character == quote:
                quote = ""
                if not depth:
                    continue
            text += character
            continue
        if character == "#" and start < 0:
            break
        if character.isspace() and not depth:
            if start >= 0:
                found.append(Word(text, start))
            text, start = "", -1
            continue
        start = position if start < 0 else start
        if character in "\"'":
            quote = character
            if not depth:
                continue
        depth = max(0, depth + (character == "{") - (character == "}"))
        text += character
    if quote or depth:
        raise InvalidInputError(f"The line has a {quote or '{'} that is never closed: close it, or take it out.")
    if start >= 0:
        found.append(Word(text, start))
    return found


def filled(word: str, namespace: Mapping[str, Any]) -> str:
    """Fill in ``{expression}`` and ``$name`` from the user's variables, as IPython does for every line magic.

    Raises
    ------
    InvalidInputError
        When an expression cannot be had: which, and why. IPython itself would leave it as it stands.
    """
    if not re.search(r"[{}$]", word):
        return word
    from IPython.utils.text import DollarFormatter

    formatter: Any = DollarFormatter()
    try:
        return str(formatter.vformat(word, [], dict(namespace)))
    except Exception as error:
        raise InvalidInputError(_unfilled(word, error)) from error


def _unfilled(word: str, error: Exception) -> str:
    why = f"{type(error).__name__}: {error}"
    bare = next((name for name in re.findall(r"\{(\w+)\}", word) if name in _PARTS), None)
    if bare is not None and isinstance(error, NameError | KeyError):
        return (
            f"{word} still holds {{{bare}}}, as the documentation writes it: put the value in its place, or give it to "
            f"a variable {bare}, or write an expression such as {{source.id}}."
        )
    return f"{word} was not filled in ({why}): what is in braces is a Python expression of your variables."
