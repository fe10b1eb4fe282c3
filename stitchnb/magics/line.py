"""What is asked for on the line of ``%connect`` and ``%%connect``."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.api.endpoints import ENDPOINTS
from stitchnb.errors import InvalidInputError, near_names

_PARTS = frozenset(name for endpoint in ENDPOINTS for name in endpoint.parameters)


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


METHODS = ("GET", "POST", "PUT", "DELETE")

NAMING = {
    "--client": "the variable with the client to send it with",
    "--body": "the variable with the body, where there is none in the cell",
    "--token": "the variable with an Import API token",
    "--to": "the variable to keep the answer in",
}
FLAGS = {
    "--raw": "the answer's JSON as it came",
    "--dry-run": "show what would be sent, and send nothing",
    "--no-validate": "send it without a look at what it says",
}


@dataclass(frozen=True)
class Asked:
    """A line, understood.

    Attributes
    ----------
    method, target
        None where the line does not say; the target is a path or an address.
    curl
        A curl command that stands on the line itself; None where there is none.
    client, body, token, to
        Names of variables, None where not given.
    """

    method: str | None = None
    target: str | None = None
    curl: str | None = None
    client: str | None = None
    body: str | None = None
    token: str | None = None
    to: str | None = None
    raw: bool = False
    dry_run: bool = False
    validate: bool = True


def read(line: str, namespace: Mapping[str, Any]) -> Asked:
    """Understand a line.

    Parameters
    ----------
    namespace
        The user's variables, for what is in braces.

    Raises
    ------
    InvalidInputError
        For an option that there is none of, a name that is none, or more than a method and a path.
    """
    options: dict[str, Any] = {}
    rest: list[str] = []
    found = words(line) if not _is_curl(line) else []
    curl = line.strip() if _is_curl(line) else None
    position = 0
    while position < len(found):
        word = found[position]
        position += 1
        if word.text == "curl" and not rest:
            curl = line[word.start :]
            break
        if not word.text.startswith("--"):
            rest.append(word.text)
            continue
        name, equals, value = word.text.partition("=")
        if name in FLAGS and not equals:
            options[name] = True
        elif name in NAMING:
            if not equals:
                value = found[position].text if position < len(found) else ""
                position += 1
            options[name] = _variable(name, value)
        elif name in FLAGS:
            raise InvalidInputError(f"{name} ({FLAGS[name]}) takes no value: write {name} alone.")
        else:
            raise InvalidInputError(_unknown_option(name))
    method, target = _method_and_target([filled(word, namespace) for word in rest])
    return Asked(
        *(method, target, curl),
        **{name.removeprefix("--"): options.get(name) for name in NAMING},
        raw="--raw" in options,
        dry_run="--dry-run" in options,
        validate="--no-validate" not in options,
    )


def _is_curl(text: str) -> bool:
    return re.match(r"\s*curl(\s|$)", text) is not None


def _method_and_target(rest: list[str]) -> tuple[str | None, str | None]:
    if not rest:
        return None, None
    if len(rest) == 1:
        return (None, rest[0]) if "/" in rest[0] else (rest[0], None)
    if len(rest) > 2:
        raise InvalidInputError(
            f"The line takes a method and a path, and here are {len(rest)} words: put quotes around a path with spaces."
        )
    return rest[0], rest[1]


def _variable(option: str, name: str) -> str:
    if not name.isidentifier() or keyword.iskeyword(name):
        given = f", and {name!r} is none" if name else ""
        raise InvalidInputError(f"{option} takes the name of a variable ({NAMING[option]}){given}.")
    return name


def _unknown_option(name: str) -> str:
    known = [*NAMING, *FLAGS]
    near = near_names(name, known)
    meant = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}."
    return f"There is no option {name}. {meant}"
