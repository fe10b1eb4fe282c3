"""What stands greyed in an input that is still empty: an example of a right value."""

from __future__ import annotations

from stitchnb.rules.schema.examples import example_for
from stitchnb.rules.schema.inputs import InputKind, PropertyInput

# Inputs in which an example can stand. A native date shows its own, a credential what is known of it.
_WITH_EXAMPLE = (
    InputKind.TEXT,
    InputKind.INTEGER,
    InputKind.NUMBER,
    InputKind.URI,
    InputKind.EMAIL,
    InputKind.HOST,
    InputKind.JSON,
)


def placeholder(name: str, wanted: PropertyInput) -> str:
    """Give an example of what a property wants; empty where there is none, or no room for it."""
    if wanted.kind not in _WITH_EXAMPLE or wanted.is_secret or wanted.is_multiline:
        return ""
    return wanted.example or example_for(name)
