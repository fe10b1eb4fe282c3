"""Words of a shell command, as a POSIX shell splits them: quotes, escapes, continued lines, variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stitchnb.errors import InvalidInputError

_NAME = re.compile(r"\$(?:\{(\w+)\}|([A-Za-z_]\w*))")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b", "E": "\x1b"}
_CODED = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_OPERATORS = "|&;<>()"


@dataclass(frozen=True)
class Variable:
    """A variable of the environment, such as ``$RECURLY_API_KEY``."""

    name: str


@dataclass(frozen=True)
class ShellWord:
    """One word: pieces of text, and variables between them."""

    pieces: tuple[str | Variable, ...]

    def text(self, environment: Mapping[str, str]) -> str:
        """Put it together.

        Raises
        ------
        InvalidInputError
            When a variable is not set: a shell would put nothing there, which is never what is meant.
        """
        return "".join(piece if isinstance(piece, str) else _value(piece, environment) for piece in self.pieces)

    @property
    def as_written(self) -> str:
        """Put it together with the variables' names, as ``$NAME``."""
        return "".join(piece if isinstance(piece, str) else f"${piece.name}" for piece in self.pieces)


def split(command: str) -> list[ShellWord]:
    """Split a command into its words; nothing is run.

    Raises
    ------
    InvalidInputError
        When a quote is never closed, or for what would be more than one command: ``|``, ``;``, ``>``, ``$(…)``.
    """
    return _Reader(command).words()


class _Reader:
    def __init__(self, command: str) -> None:
        self._text = command.replace("\r\n", "\n")
        self._at = 0
        self._pieces: list[str | Variable] | None = None
        self._words: list[ShellWord] = []

    def words(self) -> list[ShellWord]:
        while self._at < len(self._text):
            self._step(self._text[self._at])
        self._end_word()
        return self._words

    def _step(self, character: str) -> None:
        rest = self._text[self._at :]
        if character == "\\":
            self._escaped(rest)
        elif character == "'":
            self._add(self._until("'", self._at + 1))
        elif rest.startswith("$'"):
            self._at += 1
            self._add(self._ansi())
        elif character == '"':
            self._double()
        elif character.isspace():
            self._end_word()
            self._at += 1
        elif character == "#" and self._pieces is None:
            self._at += len(rest.partition("\n")[0])
        elif character in _OPERATORS or character == "`":
            raise InvalidInputError(_more_than_one(character))
        elif character == "$":
            self._dollar()
        else:
            self._add(character)
            self._at += 1

    def _escaped(self, rest: str) -> None:
        if rest.startswith("\\\n"):
            self._at += 2
        elif re.match(r"\\[ \t]+(\n|$)", rest):
            raise InvalidInputError("A line of the command ends with \\ and a space: take the space away.")
        elif len(rest) == 1:
            self._at += 1
        else:
            self._add(rest[1])
            self._at += 2

    def _double(self) -> None:
        self._add("")
        self._at += 1
        while True:
            if self._at >= len(self._text):
                raise InvalidInputError('The command has a " that is never closed.')
            character = self._text[self._at]
            following = self._text[self._at + 1 : self._at + 2]
            if character == '"':
                self._at += 1
                return
            if character == "\\" and following and following in '$`"\\\n':
                self._add("" if following == "\n" else following)
                self._at += 2
            elif character == "$":
                self._dollar()
            elif character == "`":
                raise InvalidInputError(_more_than_one(character))
            else:
                self._add(character)
                self._at += 1

    def _dollar(self) -> None:
        if self._text.startswith("$(", self._at):
            raise InvalidInputError(_more_than_one("$("))
        found = _NAME.match(self._text, self._at)
        if found is None:
            self._add("$")
            self._at += 1
            return
        self._add(Variable(found[1] or found[2]))
        self._at = found.end()

    def _until(self, quote: str, start: int) -> str:
        end = self._text.find(quote, start)
        if end < 0:
            raise InvalidInputError(f"The command has a {quote} that is never closed.")
        self._at = end + 1
        return self._text[start:end]

    def _ansi(self) -> str:
        """Read ``$'…'``, in which a browser copies what has quotes in it."""
        found, at = "", self._at + 1
        while at < len(self._text) and self._text[at] != "'":
            character = self._text[at]
            at += 1
            if character != "\\" or at >= len(self._text):
                found += character
                continue
            coded = _CODED.match(self._text, at)
            if coded is not None:
                hexadecimal = coded[1] or coded[2] or coded[3]
                number = int(hexadecimal, 16) if hexadecimal else int(coded[4], 8)
                found += chr(number) if number < 0x110000 else "\ufffd"
                at = coded.end()
            else:
                found += _ESCAPES.get(self._text[at], self._text[at])
                at += 1
        if at >= len(self._text):
            raise InvalidInputError("The command has a $' that is never closed.")
        self._at = at + 1
        return found

    def _add(self, piece: str | Variable) -> None:
        self._pieces = [*(self._pieces or ()), piece]

    def _end_word(self) -> None:
        if self._pieces is not None:
            self._words.append(ShellWord(tuple(self._pieces)))
        self._pieces = None


def _value(variable: Variable, environment: Mapping[str, str]) -> str:
    value = environment.get(variable.name)
    if value is None:
        raise InvalidInputError(
            f"The command uses ${variable.name}, which is not set in the notebook's environment: set it first, such as "
            f'os.environ["{variable.name}"] = getpass.getpass().'
        )
    return value


def _more_than_one(found: str) -> str:
    return f"The command holds {found}: one curl command alone is understood, and no shell runs it."
