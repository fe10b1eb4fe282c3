"""Names and globs of streams and fields: what ``"accounts"``, ``"*_report.*"`` and ``"!*.ssn"`` mean.

``*`` stands for anything, dots included, ``?`` for one character, ``[ab]`` for one of some. Patterns work in their
order: each adds what it holds, one with ``!`` in front takes that away again. A list that begins with ``!`` begins with
everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache

_GLOB = re.compile(r"[*?\[]")


def split(pattern: str) -> tuple[bool, str]:
    """Tell whether a pattern takes away, and of what."""
    return (True, pattern[1:]) if pattern.startswith("!") else (False, pattern)


def is_glob(pattern: str) -> bool:
    """Does a pattern stand for many names, rather than for one?"""
    return _GLOB.search(pattern) is not None


def matches(pattern: str, name: str) -> bool:
    """Does a pattern, without ``!``, hold a name? A name always holds itself, whatever characters are in it."""
    return bool(positions_held(pattern, (name,)))


def positions_held(pattern: str, names: Sequence[str], *, beginning: str = "") -> set[int]:
    """Tell the positions of the names that a pattern, without ``!``, holds.

    Parameters
    ----------
    beginning
        What stands before each of the names, such as ``accounts.``.
    """
    if not is_glob(pattern):
        return {position for position, name in enumerate(names) if beginning + name == pattern}
    match = _compiled(pattern).match
    return {p for p, name in enumerate(names) if match(beginning + name) or beginning + name == pattern}


def may_hold_fields_of(pattern: str, stream: str) -> bool:
    """Can a pattern of the kind ``stream.field`` hold any field of a stream, judged by how it begins?"""
    literal = _GLOB.split(pattern, maxsplit=1)[0]
    beginning = f"{stream}."
    if not is_glob(pattern):
        return pattern.startswith(beginning)
    return beginning.startswith(literal) or literal.startswith(beginning)


def chosen(patterns: Sequence[str], names: Sequence[str]) -> tuple[set[int], list[str]]:
    """Tell the positions of the names that patterns hold in the end, and the patterns that hold none of them."""
    begins_with_all = bool(patterns) and split(patterns[0])[0]
    found = set(range(len(names))) if begins_with_all else set()
    idle: list[str] = []
    for pattern in patterns:
        takes_away, plain = split(pattern)
        held = positions_held(plain, names)
        if not held:
            idle.append(pattern)
        found = found - held if takes_away else found | held
    return found, idle


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
