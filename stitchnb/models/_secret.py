"""A value that must never be seen: a token or a credential."""

from __future__ import annotations

MASK = "••••••••"


class Secret(str):
    """A string that travels as itself and shows as a mask.

    It equals, hashes, encodes and JSON-serialises like the string it holds, so that it can be sent; ``repr``, ``str``,
    f-strings, ``%`` and ``.format`` show a mask, and a pickle holds the mask only. `reveal` gives the plain string.
    """

    __slots__ = ()

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
