"""What a regular expression of a report card asks for, where it asks for something simple.

A report card has no way to say "one of these" or "a date": it writes a pattern. Here patterns are read back: as a
list of choices, as a set of whole numbers, as digits, as a date at midnight. What cannot be read is no error, it is
text that `matches` judges.

`jsonschema_rs` matches, by the rules of ECMAScript: a pattern is searched for, ``\\d`` is ``0`` to ``9``, and ``$`` is
the end of the text, not the place before a last line break.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from functools import lru_cache

_START, _END = "\x02", "\x03"
_MOST_WORDS = 1000
_MOST_CHOICES = 50
_MIDNIGHTS = ("2024-01-31T00:00:00Z", "1999-12-01T00:00:00Z")
_NO_MIDNIGHTS = ("2024-01-31", "2024-01-31T00:00:01Z", "2024-01-31T12:00:00Z", "2024-01-31T00:00:00", "2024", "a", "0")
_NO_DIGITS = (*string.ascii_letters, *string.punctuation, " ", "a1", " 1", "é")


def matches(pattern: str, text: str) -> bool:
    """Say whether `pattern` is found in `text`; a pattern that is not ECMAScript's matches everything."""
    matcher = _matcher(pattern)
    try:
        return matcher is None or matcher(text)
    except ValueError:
        # Half a surrogate pair is not text.
        return False


def normalize_pattern(pattern: str) -> str:
    """Write what other languages have, and the compiler does not know, as ECMAScript does."""
    in_set = False

    def rewrite(found: re.Match[str]) -> str:
        nonlocal in_set
        part = found[0]
        if in_set:
            in_set = part != "]"
            return part
        in_set = part in ("[", "[^")
        return _ECMASCRIPT.get(part, part)

    return _TOKEN.sub(rewrite, pattern)


_TOKEN = re.compile(r"\\.|\[\^?\]?|\]|\(\?P<", re.DOTALL)
_ECMASCRIPT = {r"\A": "^", r"\Z": "$", r"\z": "$", "[]": "(?!)", "[^]": r"[\s\S]", "(?P<": "(?<"}


def choices(pattern: str) -> tuple[str, ...] | None:
    """List the values that a pattern offers, where it is a list of literal values.

    Parameters
    ----------
    pattern
        Such as ``^1$|^30$``, ``^(true|false)$`` or, with one end open, ``^(true|false)``.

    Returns
    -------
    tuple of str, or None
        The values in the pattern's order, at most a thousand of them; every one matches the pattern. None where the
        pattern is anything else: a prefix (``^https``, ``^(sk|rk)_``), digits, a date.
    """
    words = _words(pattern)
    if words is None:
        return None
    if words.has_sets and (words.are_numbers or len(words.texts) > _MOST_CHOICES):
        return None
    return words.texts if words.is_closed or words.look_whole else None


def whole_numbers(pattern: str) -> tuple[int, ...] | None:
    """List the numbers that a pattern allows, smallest first, where it spells out a set of them by their digits.

    Parameters
    ----------
    pattern
        Such as ``^(\\d|[1-9]\\d|100)$``, which is 0 to 100.

    Returns
    -------
    tuple of int, or None
        None for a list of literals (see `choices`), for digits without end (see `is_digits`) and for anything else.
    """
    words = _words(pattern)
    if words is None or not (words.is_closed and words.has_sets and words.are_numbers):
        return None
    return tuple(sorted({int(text) for text in words.texts}))


def is_midnight(pattern: str) -> bool:
    """Say whether a pattern asks for a date at midnight UTC, such as ``2024-01-31T00:00:00Z``."""
    if _matcher(pattern) is None:
        return False
    return all(matches(pattern, t) for t in _MIDNIGHTS) and not any(matches(pattern, t) for t in _NO_MIDNIGHTS)


def is_digits(pattern: str) -> bool:
    """Say whether a pattern asks for digits, anchored at its end (``^\\d+$``) or not (``^\\d+``)."""
    return number_like(pattern) is not None


def number_like(pattern: str) -> str | None:
    """Give a number that fits a pattern which asks for one.

    Returns
    -------
    str or None
        Digits, such as ``30``, or more of them where the pattern wants a certain count. None for patterns that take
        other text than numbers.
    """
    if _matcher(pattern) is None or any(matches(pattern, text) for text in _NO_DIGITS):
        return None
    takes_decimals = matches(pattern, "1.5") and not matches(pattern, "1x5")
    if takes_decimals:
        return None
    samples = ("30", "1", "0", "100", *("123456789012345678"[:n] for n in range(3, 19)))
    return next((sample for sample in samples if matches(pattern, sample)), None)


@lru_cache(maxsize=512)
def _matcher(pattern: str) -> Callable[[str], bool] | None:
    import jsonschema_rs

    try:
        return jsonschema_rs.Draft202012Validator({"pattern": normalize_pattern(pattern)}).is_valid
    except ValueError:
        return None


class _NotPlainError(Exception):
    """The pattern uses more than a list of words needs."""


class _Words:
    """All the texts that a pattern spells out."""

    def __init__(self, spelt: list[str], *, has_sets: bool) -> None:
        self.has_sets = has_sets
        self.is_closed = all(w.startswith(_START) and w.endswith(_END) for w in spelt)
        bare = [w.removeprefix(_START).removesuffix(_END) for w in spelt]
        if any(_START in w or _END in w for w in bare) or not all(w[:1] == _START or w[-1:] == _END for w in spelt):
            raise _NotPlainError
        # A blank is never a value, so "or nothing at all" adds no choice.
        self.texts = tuple(dict.fromkeys(w for w in bare if w))
        if not self.texts:
            raise _NotPlainError

    @property
    def look_whole(self) -> bool:
        """Can these be values, rather than what values begin or end with?"""
        return len(self.texts) > 1 and all(t[0].isalnum() and t[-1].isalnum() for t in self.texts)

    @property
    def are_numbers(self) -> bool:
        return all(t.isascii() and t.isdigit() and (t == "0" or t[0] != "0") for t in self.texts)


@lru_cache(maxsize=512)
def _words(pattern: str) -> _Words | None:
    reader = _Reader(pattern)
    try:
        words = _Words(reader.read(), has_sets=reader.has_sets)
    except _NotPlainError:
        return None
    # The reader knows a small part of the language; what it says must hold for the whole.
    return words if all(matches(pattern, text) for text in words.texts) else None


class _Reader:
    """Reads literals, sets, groups, alternatives and counts, and spells out every text they stand for."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self.has_sets = False

    def read(self) -> list[str]:
        if _START in self._pattern or _END in self._pattern:
            raise _NotPlainError
        words = self._alternatives(depth=0)
        if self._at < len(self._pattern):
            raise _NotPlainError
        return words

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        char = self._peek()
        if not char:
            raise _NotPlainError
        self._at += 1
        return char

    def _skip(self, text: str) -> bool:
        if not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _alternatives(self, depth: int) -> list[str]:
        if depth > 20:
            raise _NotPlainError
        words = self._sequence(depth)
        while self._skip("|"):
            words += self._sequence(depth)
        return words

    def _sequence(self, depth: int) -> list[str]:
        words = [""]
        while self._peek() not in ("", "|", ")"):
            words = _joined(words, self._counted(self._item(depth)))
        return words

    def _item(self, depth: int) -> list[str]:
        char = self._take()
        if char == "(":
            if not self._skip("?:") and self._peek() == "?":
                raise _NotPlainError
            words = self._alternatives(depth + 1)
            if not self._skip(")"):
                raise _NotPlainError
            return words
        if char == "[":
            return self._set()
        if char == "\\":
            return self._escaped()
        if char in ".*+?{}":
            raise _NotPlainError
        return [{"^": _START, "$": _END}.get(char, char)]

    def _escaped(self) -> list[str]:
        char = self._take()
        if char == "d":
            self.has_sets = True
            return list(string.digits)
        if char.isalnum():
            raise _NotPlainError
        return [char]

    def _set(self) -> list[str]:
        self.has_sets = True
        if self._peek() == "^":
            raise _NotPlainError
        chars: list[str] = []
        while not self._skip("]"):
            char = self._take()
            members = self._escaped() if char == "\\" else [char]
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] != "]" and len(members) == 1:
                self._take()
                last = self._take()
                if last == "\\" or not 0 <= ord(last) - ord(char) <= 127:
                    raise _NotPlainError
                members = [chr(code) for code in range(ord(char), ord(last) + 1)]
            chars += members
        if not chars:
            raise _NotPlainError
        return chars

    def _counted(self, words: list[str]) -> list[str]:
        """Repeat what was just read as often as the sign after it says."""
        if self._peek() in ("*", "+"):
            raise _NotPlainError
        low = high = 1
        if self._skip("?"):
            low = 0
        elif self._peek() == "{":
            count = re.compile(r"\{([0-9]{1,2})(?:,([0-9]{1,2}))?\}").match(self._pattern, self._at)
            if count is None:
                raise _NotPlainError
            self._at = count.end()
            low = int(count[1])
            high = int(count[2] or low)
        if self._peek() in ("?", "*", "+", "{") and (low, high) != (1, 1):
            raise _NotPlainError
        repeated, power = ([""] if low == 0 else []), [""]
        for times in range(1, high + 1):
            power = _joined(power, words)
            repeated += power if times >= low else []
        return repeated


def _joined(left: list[str], right: list[str]) -> list[str]:
    if len(left) * len(right) > _MOST_WORDS:
        raise _NotPlainError
    return [a + b for a in left for b in right]
