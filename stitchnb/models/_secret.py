"""A value that must never be seen: a token or a credential."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

MASK = "••••••••"


class Secret(str):
    """A string that travels as itself and shows as a mask.

    It equals, hashes, encodes and JSON-serialises like the string it holds, so that it can be sent; ``repr``, ``str``,
    f-strings, ``%`` and ``.format`` show a mask, and a pickle holds the mask only. `reveal` gives the plain string.
    """

    __slots__ = ()

    def __new__(cls, value: str = "") -> Self:
        """Make one of a string, or of another secret, whose own text is the mask."""
        return super().__new__(cls, value.reveal() if isinstance(value, Secret) else value)

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (MASK,))

    def reveal(self) -> str:
        """Give the plain string."""
        return str.__str__(self)


def hidden(wire: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Copy a JSON object with the named strings as secrets, so that no way of showing it shows them."""
    return {key: Secret(value) if key in names and isinstance(value, str) else value for key, value in wire.items()}
