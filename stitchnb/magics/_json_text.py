"""JSON as somebody types it into a cell: read, or told where it is wrong without showing what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret

_ENVIRONMENT = re.compile(r"\[([A-Z][A-Z0-9_]{2,})\]")
# Names and JSON's own words say what is wrong; everything else of a line may be a secret.
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_TOLD = re.compile(
    rf"""(?P<name>(?:^|[{{,])\s*(?:{_STRING}|[A-Za-z_]\w*)\s*:)"""
    rf"""|(?P<word>\b(?:true|false|null|True|False|None)\b)"""
    rf"""|(?P<text>{_STRING}|["'].*)"""
    r"""|\w"""
)
_TYPOGRAPHIC = re.compile("[\u201c\u201d\u201e\u201f\u2018\u2019]")


class _TwiceError(ValueError):
    """A name stands twice in an object."""


def read(text: str, *, what: str = "The body") -> Any:
    """Read JSON.

    Raises
    ------
    InvalidInputError
        When it is none: the line, the column, the line itself with its values hidden, and what is mostly meant.
    """
    # What is missing at the end is missing behind the last sign, not on the empty line below.
    text = text.rstrip()
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise InvalidInputError(f"{what} is no JSON. {_place(text, error)}") from None
    except _TwiceError as error:
        raise InvalidInputError(f"{what} names {error} twice in one object: leave one of them.") from None
    except RecursionError:
        raise InvalidInputError(f"{what} is nested too deeply.") from None


def from_environment(body: Any, environment: Mapping[str, str], *, strict: bool = True) -> Any:
    """Put what environment variables hold in the place of ``"[RECURLY_API_KEY]"``, as the guides write a credential.

    Parameters
    ----------
    strict
        False leaves one that is not set as it stands.

    Raises
    ------
    InvalidInputError
        When one is not set, with the name that holds it.
    """
    missing: dict[str, str] = {}

    def walk(value: Any, name: str) -> Any:
        if isinstance(value, Mapping):
            return {key: walk(inner, str(key)) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [walk(inner, name) for inner in value]
        found = _ENVIRONMENT.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            return value
        if found[1] in environment:
            return Secret(environment[found[1]])
        missing[found[1]] = name
        return value

    try:
        filled = walk(body, "")
    except RecursionError:
        raise InvalidInputError("The body is nested too deeply.") from None
    if missing and strict:
        lines = "\n".join(f"  {name or 'the body'}: [{variable}]" for variable, name in missing.items())
        variable = next(iter(missing))
        raise InvalidInputError(
            f"The body still holds what the example has in place of a value:\n{lines}\nWrite the value there, or set "
            f'the environment variable, which keeps it out of the notebook: os.environ["{variable}"] = '
            "getpass.getpass()."
        )
    return filled


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(repr(next(name for name in names if names.count(name) > 1)))
    return found


def _no_number(word: str) -> Any:
    raise InvalidInputError(f"The body holds {word}, which is no JSON: give a number, or null.")


def _place(text: str, error: json.JSONDecodeError) -> str:
    lines = text.split("\n")
    line, column = error.lineno, error.colno
    shown = lines[line - 1] if line <= len(lines) else ""
    window = max(0, column - 60)
    gutter = f"{line:>5} | "
    pointer = " " * (len(gutter) - 2) + "| " + " " * (column - 1 - window) + "^"
    hint = _hint(text, error, shown)
    return (
        f"Line {line}, column {column}: {error.msg}.\n"
        f"{gutter}{hidden(shown)[window : window + 100].rstrip()}\n{pointer}" + (f"\n{hint}" if hint else "")
    )


def hidden(line: str) -> str:
    """Write a line with every value in it hidden, at its length: names stay, letters and digits of the rest do not."""

    def hide(found: re.Match[str]) -> str:
        if found["name"] or found["word"]:
            return found[0]
        return re.sub(r"""[^\s"']""", "•", found[0]) if found["text"] else "•"

    return _TOLD.sub(hide, line)


def _hint(text: str, error: json.JSONDecodeError, line: str) -> str:
    before, after = text[: error.pos].rstrip(), text[error.pos :]
    if not text:
        return "The cell is empty: write the JSON below the first line."
    if error.pos >= len(text):
        return "It ends too early: a closing bracket or a value is missing."
    if _TYPOGRAPHIC.search(line):
        return 'The quotes are typographic ones: JSON takes straight ones, "such as this".'
    if after.startswith("'"):
        return "JSON takes double quotes: \"name\", not 'name'."
    if after.startswith(("/*", "//", "#")):
        return "JSON has no comments: take it out."
    # Python 3.13 points at the comma itself, older ones at the bracket after it.
    if error.msg.startswith("Illegal trailing comma") or (before.endswith(",") and after[:1] in ("}", "]")):
        return "The comma before it is one too many."
    if re.match(r"True|False|None", after):
        return "JSON writes true, false and null in lower case."
    if re.match(r"\.\.\.|…", after):
        return "The documentation leaves something out here: write it in full."
    if error.msg.startswith("Invalid control character"):
        return "A text ends on the line that it begins on: close its quotes there, or write \\n for a new line."
    if error.msg.startswith("Expecting ',' delimiter"):
        return "A comma or a closing bracket is missing before it."
    if error.msg.startswith("Extra data"):
        return "The JSON ends before it: one value alone is sent."
    return ""
