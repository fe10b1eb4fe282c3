"""A curl command as the API's documentation has it, read as a request; curl itself is never run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

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


# How options are written, and what they are here.
_VALUED = {
    **dict.fromkeys(("-X", "--request"), "method"),
    **dict.fromkeys(("-H", "--header"), "header"),
    **dict.fromkeys(("-d", "--data", "--data-ascii", "--data-binary"), "data"),
    "--data-raw": "raw data",
    "--json": "json",
    "--url": "url",
    **dict.fromkeys(("-u", "--user", "--oauth2-bearer", "-b", "--cookie"), "credential"),
    # What is said of the way there and of the output is the client's business.
    **dict.fromkeys(
        ("-m", "--max-time", "--connect-timeout", "--retry", "-o", "--output", "-A", "--user-agent", "-e", "--referer"),
        "ignored",
    ),
    **dict.fromkeys(("-w", "--write-out", "-x", "--proxy", "--cacert", "--retry-delay"), "ignored"),
}
_FLAGS = {
    **dict.fromkeys(("-G", "--get"), "query"),
    **dict.fromkeys(
        (
            *("-s", "--silent", "-S", "--show-error", "-i", "--include", "-v", "--verbose", "-L", "--location"),
            *("-f", "--fail", "--fail-with-body", "-k", "--insecure", "--compressed", "-g", "--globoff", "-N"),
            *("--no-buffer", "-4", "-6", "--http1.1", "--http2", "-#", "--progress-bar", "--location-trusted"),
        ),
        "ignored",
    ),
}
# What stands where a value belongs, in the documentation's ways of writing it.
_PLACEHOLDER = re.compile(
    r"<[^>]*>|\[[^\]]*\]|\{\{?[^}]*\}?\}|\$\{?\w+\}?|\.{2,}|…+|x{3,}|\*{3,}|•+|your[ _-].*|.*(?:access|api)[ _-]token",
    re.IGNORECASE,
)


@dataclass
class Curl:
    """A request as a curl command says it.

    Attributes
    ----------
    target
        The address as it stands there, host included.
    body
        The data as text; None where there is none.
    holds_token
        It holds what looks like a real token or password, which is of no use here and better not in a cell.
    left_out
        Names of headers that are not sent.
    """

    method: str = ""
    target: str = ""
    body: str | None = None
    holds_token: bool = False
    left_out: list[str] = field(default_factory=list)


def is_curl(text: str) -> bool:
    """Does a cell hold a curl command rather than JSON?"""
    return re.match(r"\s*(?:#[^\n]*\n\s*)*[$!]?\s*curl(?:\s|\\\n|$)", text) is not None


def read(command: str, environment: Mapping[str, str]) -> Curl:
    """Read a command.

    Parameters
    ----------
    environment
        Where ``$NAME`` in the address and the data is looked up, as the shell would.

    Raises
    ------
    InvalidInputError
        For what is no single curl command, an option that is not understood, and a variable that is not set.
    """
    words = split(re.sub(r"\A(\s*(?:#[^\n]*\n\s*)*)[$!]\s*", r"\1", command))
    curl, data, is_query = Curl(), list[str](), False
    for what, word in _told(words[1:]):
        if what == "url":
            if curl.target:
                raise InvalidInputError("The curl command has two addresses: one request is sent at a time.")
            curl.target = word.text(environment)
        elif what == "method":
            curl.method = word.text(environment).upper()
        elif what in ("data", "raw data", "json"):
            data.append(_data(what, word.text(environment)))
        elif what == "header":
            _header(curl, word)
        elif what == "credential":
            curl.holds_token = curl.holds_token or _is_real(word.as_written.rpartition(":")[2])
        elif what == "query":
            is_query = True
    if not curl.target:
        raise InvalidInputError("The curl command has no address: it takes one such as https://api.stitchdata.com/….")
    if is_query and data:
        curl.target += ("&" if "?" in curl.target else "?") + "&".join(data)
    elif len(data) > 1:
        raise InvalidInputError("The curl command has several bodies (-d): JSON travels in one.")
    elif data:
        # -d '' is how a shell sends a POST without a body.
        curl.body = data[0] or None
    curl.method = curl.method or ("POST" if data and not is_query else "GET")
    return curl


def _told(words: list[ShellWord]) -> list[tuple[str, ShellWord]]:
    """Say of each word, or of each option with its value, what it is."""
    found: list[tuple[str, ShellWord]] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        text = word.as_written
        name, equals, _ = text.partition("=")
        if not text.startswith("-") or text == "-":
            found.append(("url", word))
        elif text in _FLAGS:
            found.append((_FLAGS[text], word))
        elif text in _VALUED:
            if not waiting:
                raise InvalidInputError(f"The curl command ends with {text}, which takes a value.")
            found.append((_VALUED[text], waiting.pop(0)))
        elif text.startswith("--") and equals and name in _VALUED:
            found.append((_VALUED[name], _without(word, len(name) + 1)))
        elif not text.startswith("--") and text[:2] in _VALUED:
            found.append((_VALUED[text[:2]], _without(word, 2)))
        elif not text.startswith("--") and text[:2] in _FLAGS and len(text) > 2:
            found.append((_FLAGS[text[:2]], word))
            waiting.insert(0, ShellWord(("-", *_without(word, 2).pieces)))
        else:
            raise InvalidInputError(
                f"The option {name} of curl is not understood here: take it out. The method (-X), headers (-H), data "
                "(-d) and the address are."
            )
    return found


def _without(word: ShellWord, length: int) -> ShellWord:
    """Take away a word's first characters, which are an option's name."""
    pieces = list(word.pieces)
    while length and pieces and isinstance(pieces[0], str):
        taken = min(length, len(pieces[0]))
        pieces[0] = pieces[0][taken:]
        length -= taken
        if not pieces[0]:
            pieces.pop(0)
    return ShellWord(tuple(pieces))


def _data(what: str, text: str) -> str:
    if what == "raw data" or not text.startswith("@"):
        return text
    path = Path(text[1:]).expanduser()
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"The file {text[1:]} that the curl command sends cannot be read ({error}).") from error


def _header(curl: Curl, word: ShellWord) -> None:
    name, _, value = word.as_written.partition(":")
    lowered = name.strip().lower()
    if lowered in ("authorization", "proxy-authorization", "cookie"):
        scheme, _, credential = value.strip().partition(" ")
        curl.holds_token = curl.holds_token or _is_real(credential or scheme)
    elif lowered == "content-type":
        if "json" not in value.lower():
            raise InvalidInputError(f"The curl command sends {value.strip()}: the API takes application/json alone.")
    elif lowered not in ("accept", "accept-encoding", "user-agent", "content-length", "host"):
        curl.left_out.append(name.strip())


def _is_real(credential: str) -> bool:
    text = credential.strip().strip("\"'")
    return len(text) >= 4 and _PLACEHOLDER.fullmatch(text) is None
