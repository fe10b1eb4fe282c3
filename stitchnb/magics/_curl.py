"""A curl command as the API's documentation has it, read as a request; curl itself is never run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stitchnb.errors import InvalidInputError
from stitchnb.magics._shell import ShellWord, split

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
