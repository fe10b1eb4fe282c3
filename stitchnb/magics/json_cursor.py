"""Where a cursor stands in JSON that is still being written: in which object, at a name or at a value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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


IN_LIST = "[]"
"""What stands in a path for a place in a list."""

_TOKEN = re.compile(r'"(?P<text>(?:[^"\\\n]|\\.)*)(?P<end>"?)|(?P<sign>[{}\[\]:,])|(?P<word>[^\s{}\[\]:,"]+)')
_REST_OF_TEXT = re.compile(r'[\w.$-]*"')
_REST_OF_WORD = re.compile(r"[\w.$-]*")


@dataclass
class _Open:
    """An object or a list that is not closed yet."""

    is_object: bool
    names: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    # What comes next: a name, its colon, a value, or a comma.
    wants: str = "name"


@dataclass(frozen=True)
class JsonPlace:
    """A place in JSON at which something can be written.

    Attributes
    ----------
    path
        The names that lead to the object or list that it is in; `IN_LIST` where one leads through a list.
    name
        The name whose value stands here; None where a name does, and in a list.
    word
        What stands before the cursor of it.
    is_in_object
        It is in an object rather than in a list.
    is_quoted, is_closed
        It begins with a quote, and there is one at its end.
    is_followed
        There is a colon behind it.
    taken
        The other names of the object.
    texts
        The texts at the top, by name.
    """

    path: tuple[str, ...]
    name: str | None
    word: str
    is_in_object: bool
    is_quoted: bool
    is_closed: bool
    is_followed: bool
    taken: frozenset[str]
    texts: Mapping[str, str]


def place_of(text: str, at: int) -> JsonPlace | None:
    """Tell where the cursor stands; None where nothing can be written but a sign, or where it is no JSON.

    Parameters
    ----------
    text
        All that is there.
    at
        How many characters of it stand before the cursor.
    """
    reader = _Reader()
    start = at
    for token in _TOKEN.finditer(text[:at]):
        is_open = token.end() == at and (token["word"] is not None or (token["text"] is not None and not token["end"]))
        if is_open:
            start = token.start()
        elif not reader.take(token):
            return None
    word = text[start:at]
    is_quoted = word.startswith('"')
    if not reader.stack or reader.stack[-1].wants not in ("name", "value"):
        return None
    here = reader.stack[-1]
    path = tuple(IN_LIST if not one.is_object else one.name or "" for one in reader.stack[:-1])
    name = here.name if here.wants == "value" else None
    if not here.is_object:
        path += (IN_LIST,)
    rest = (_REST_OF_TEXT if is_quoted else _REST_OF_WORD).match(text, at)
    behind = rest.end() if rest is not None else at
    before = frozenset(here.names)
    reader.take_written(is_name=name is None and here.is_object)
    for token in _TOKEN.finditer(text, behind):
        if not reader.take(token):
            break
    return JsonPlace(
        path,
        name,
        word.removeprefix('"'),
        is_in_object=here.is_object,
        is_quoted=is_quoted,
        is_closed=is_quoted and rest is not None,
        is_followed=text[behind:].lstrip().startswith(":"),
        taken=(before | here.names) - ({name} if name is not None else set()),
        texts=reader.root.texts if reader.root is not None else {},
    )


class _Reader:
    """Reads tokens one after the other, and does not mind what is missing at the end."""

    def __init__(self) -> None:
        self.stack: list[_Open] = []
        self.root: _Open | None = None

    def take(self, token: re.Match[str]) -> bool:
        """Take one token; False where it cannot stand there."""
        sign = token["sign"]
        if sign in ("{", "["):
            return self._open(is_object=sign == "{")
        if not self.stack:
            return False
        here = self.stack[-1]
        if sign in ("}", "]"):
            self.stack.pop()
            if self.stack:
                self.stack[-1].wants = "comma"
        elif sign == ":":
            here.wants = "value"
        elif sign == ",":
            here.wants, here.name = ("name" if here.is_object else "value"), None
        elif here.is_object and here.wants != "value":
            # A name, even where the comma before it is not written yet.
            here.name, here.wants = token["text"] or token["word"] or "", "colon"
            here.names.add(here.name)
        else:
            if token["text"] is not None and here.name is not None:
                here.texts[here.name] = token["text"]
            here.wants = "comma"
        return True

    def take_written(self, *, is_name: bool) -> None:
        """Go on behind what is being written."""
        self.stack[-1].wants = "colon" if is_name else "comma"

    def _open(self, *, is_object: bool) -> bool:
        if self.root is not None and not self.stack:
            return False
        opened = _Open(is_object, wants="name" if is_object else "value")
        if self.root is None:
            self.root = opened
        self.stack.append(opened)
        return True
