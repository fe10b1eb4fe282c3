"""Where a cursor stands in JSON that is still being written: in which object, at a name or at a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

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
