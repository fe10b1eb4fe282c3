"""What a caller wants shown otherwise than a report card would have it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.rules.schema.inputs import STRUCTURED, InputKind, PropertyInput

WIDGETS = ("text", "textarea", "password", "json")


@dataclass(frozen=True)
class Override:
    """How one property is shown; None leaves it as it is.

    Attributes
    ----------
    label, help, placeholder
        Other words.
    widget
        ``text``, ``textarea``, ``password`` or ``json``. What is judged stays the same.
    """

    label: str | None = None
    help: str | None = None
    placeholder: str | None = None
    widget: str | None = None

    def applied_to(self, wanted: PropertyInput) -> PropertyInput:
        """Give the input that is wanted instead."""
        match self.widget:
            case "json":
                return replace(wanted, kind=InputKind.JSON)
            case "password":
                masked = InputKind.JSON if wanted.kind in STRUCTURED else InputKind.SECRET
                return replace(wanted, kind=masked, is_secret=True, is_multiline=False)
            case "text" | "textarea":
                plain = InputKind.SECRET if wanted.is_secret else InputKind.TEXT
                # A list or an object is no text: it stays what it is, written as JSON.
                kind = InputKind.JSON if wanted.kind in STRUCTURED else plain
                return replace(wanted, kind=kind, is_multiline=self.widget == "textarea")
            case _:
                return wanted


def read_overrides(overrides: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Override]:
    """Check what a caller gives, but for the names of the properties.

    Raises
    ------
    InvalidInputError
        When something other is named than what can be overridden, or it is no text.
    """
    found: dict[str, Override] = {}
    known = [field.name for field in fields(Override)]
    for name, wanted in (overrides or {}).items():
        if not isinstance(wanted, Mapping):
            raise InvalidInputError(f"overrides[{name!r}] is {wanted!r}: give a dict of {', '.join(known)}.")
        for key, value in wanted.items():
            if key not in known:
                raise InvalidInputError(f"overrides[{name!r}] has no {key!r}. {_instead(str(key), known)}")
            if not isinstance(value, str):
                raise InvalidInputError(f"overrides[{name!r}][{key!r}] is {value!r}: give a text.")
        widget = wanted.get("widget")
        if widget is not None and widget not in WIDGETS:
            raise InvalidInputError(f"overrides[{name!r}] asks for widget {widget!r}. {_instead(widget, WIDGETS)}")
        found[name] = Override(**wanted)
    return found


def _instead(name: str, known: Collection[str]) -> str:
    near = near_names(name, known)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else f"There are {', '.join(known)}."
