"""Drawing numbers that depend on nothing but their names: the same everywhere, always, in any order.

`random` and `hash` are left out on purpose: the first keeps a state that has to be walked through row by row, the
second differs from process to process. Names become seeds by BLAKE2b, seeds become numbers by the finaliser of
SplitMix64, which costs a fraction of a microsecond.
"""

from __future__ import annotations

from hashlib import blake2b
from itertools import zip_longest

_MASK = (1 << 64) - 1
_STEP = 0x9E3779B97F4A7C15
_MULTIPLIER_1 = 0xBF58476D1CE4E5B9
_MULTIPLIER_2 = 0x94D049BB133111EB


def seed_of(*names: object) -> int:
    """Make a seed of 64 bits from names."""
    text = "\x1f".join(map(str, names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def draw(seed: int, number: int = 0) -> int:
    """Draw the ``number``-th value of 64 bits of one seed."""
    x = (seed + number * _STEP) & _MASK
    x = ((x ^ (x >> 30)) * _MULTIPLIER_1) & _MASK
    x = ((x ^ (x >> 27)) * _MULTIPLIER_2) & _MASK
    return x ^ (x >> 31)


def digits(pattern: str, number: int) -> str:
    """Put the digits of a drawn number where ``#`` stands."""
    count = pattern.count("#")
    if "#" * count in pattern:
        return pattern.replace("#" * count, f"{number % 10**count:0{count}d}") if count else pattern
    pieces = pattern.split("#")
    return "".join(a + b for a, b in zip_longest(pieces, f"{number % 10**count:0{count}d}", fillvalue=""))
