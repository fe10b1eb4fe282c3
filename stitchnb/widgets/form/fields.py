"""The fields of a form: each has one value, its error, and how it is shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.models import Secret
from stitchnb.models.base import MASK
from stitchnb.models.report_card import Property
from stitchnb.rules.names import derive_name, display_name_error
from stitchnb.rules.report_cards.labels import help_text, property_label
from stitchnb.rules.report_cards.properties import check_value, is_user_required, missing_error
from stitchnb.rules.schedules.quartz import CronError, CronExpression
from stitchnb.rules.schema import form_text
from stitchnb.rules.schema.inputs import (
    STRUCTURED,
    InputKind,
    PropertyInput,
    describe,
    rules_for_key,
    rules_of,
    to_wire_text,
)
from stitchnb.rules.schema.validate import Path

DISPLAY_NAME = "display_name"

_CANNOT_BE_EMPTY = "Stitch can't remove a saved value. Enter another value, or the old one."

WIDGETS = ("text", "textarea", "password", "json")


@dataclass(frozen=True)
class Override:
    """How to show one property; None keeps the default.

    Attributes
    ----------
    label, help, placeholder
        The texts.
    widget
        ``text``, ``textarea``, ``password`` or ``json``. Validation stays the same.
    """

    label: str | None = None
    help: str | None = None
    placeholder: str | None = None
    widget: str | None = None

    def applied_to(self, default: PropertyInput) -> PropertyInput:
        """Return the input to show instead of the default."""
        match self.widget:
            case "json":
                return replace(default, kind=InputKind.JSON)
            case "password":
                masked = InputKind.JSON if default.kind in STRUCTURED else InputKind.SECRET
                return replace(default, kind=masked, is_secret=True, is_multiline=False)
            case "text" | "textarea":
                plain = InputKind.SECRET if default.is_secret else InputKind.TEXT
                # A list or an object is edited as JSON.
                kind = InputKind.JSON if default.kind in STRUCTURED else plain
                return replace(default, kind=kind, is_multiline=self.widget == "textarea")
            case _:
                return default


def read_overrides(overrides: Mapping[str, Mapping[str, Any]] | None) -> dict[str, Override]:
    """Check the overrides of a caller, except the names of the properties.

    Raises
    ------
    InvalidInputError
        When a key or a value is not valid.
    """
    result: dict[str, Override] = {}
    known = [field.name for field in fields(Override)]
    for name, override in (overrides or {}).items():
        if not isinstance(override, Mapping):
            raise InvalidInputError(f"overrides[{name!r}] is {override!r}. Pass a dict of {', '.join(known)}.")
        for key, value in override.items():
            if key not in known:
                raise InvalidInputError(f"overrides[{name!r}] has no {key!r}. {_suggest(str(key), known)}")
            if not isinstance(value, str):
                raise InvalidInputError(f"overrides[{name!r}][{key!r}] is {value!r}. Pass a string.")
        widget = override.get("widget")
        if widget is not None and widget not in WIDGETS:
            raise InvalidInputError(f"overrides[{name!r}] has widget {widget!r}. {_suggest(widget, WIDGETS)}")
        result[name] = Override(**override)
    return result


def _suggest(name: str, known: Collection[str]) -> str:
    near = near_names(name, known)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else f"Use one of {', '.join(known)}."


class FieldOwner(Protocol):
    """What a field needs of its form."""

    def require_open(self, one: FormField) -> None:
        """Raise an error if no value can be set anymore."""

    def field_set(self, one: FormField) -> None:
        """React to a value that code has set."""

    def is_hidden(self, one: FormField) -> bool:
        """Does the field not count for the current values of other fields?"""

    def is_needed(self, one: FormField) -> bool:
        """Does another choice in the form require the field?"""


class FormField:
    """One field of a form.

    Attributes
    ----------
    name
        The API's name of a property, or ``display_name``.
    label
        The label in the form.
    help
        A sentence on what it is for.
    touched
        Has the user edited or left it? Its error is shown from then on.
    revision
        How often its value was set.
    required
        Is a value required?
    read_only
        Set by Stitch: shown, never sent.
    locked
        Why it can't be changed; empty if it can.
    kept
        Stitch has a value that it never returns, such as a credential.
    baseline
        The value that Stitch has; None if it has none or never returns it.
    as_json
        Is a list or an object edited as JSON?
    place
        The path to the part of a list or an object that has the error.
    input
        The kind of input, its choices, and a text on what is expected.
    """

    def __init__(
        self, name: str, described: PropertyInput, *, required: bool, read_only: bool, owner: FieldOwner
    ) -> None:
        self.name = name
        self.label = property_label(name)
        self.help = ""
        self.input = described
        self.required = required
        self.read_only = read_only
        self.locked = ""
        self.kept = False
        self.baseline: Any = None
        self.as_json = False
        self.place: Path = ()
        self.touched = False
        self.revision = 0
        self._is_update = False
        self._owner = owner
        self._value: Any = None
        self._text = ""
        self._own_error: str | None = None
        self._refusal: str | None = None

    @property
    def value(self) -> Any:
        """The value as the API takes it, mostly a string such as ``"60"``; None if there is none.

        A credential is a `Secret`, which shows as a mask. None or ``""`` clears the field; numbers, booleans and
        dates become strings, as the API expects.
        """
        return Secret(self._value) if self.input.is_secret and isinstance(self._value, str) else self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self.read_only:
            raise InvalidInputError(f"{self.name} is set by Stitch and can't be changed.")
        if self.locked:
            raise InvalidInputError(f"{self.name} can't be changed: {self.locked}")
        self._owner.require_open(self)
        self.put(self._as_sent(value))
        self._owner.field_set(self)

    @property
    def hidden(self) -> bool:
        """Does the field not count for the current values of other fields? It then has no error and is not sent."""
        return self._owner.is_hidden(self)

    @property
    def given(self) -> bool:
        """Is there a value, here or at Stitch?"""
        return self._value is not None or self.kept

    @property
    def missing(self) -> bool:
        """Is a required value missing?"""
        return not self.given and not self.hidden and (self.required or self._owner.is_needed(self))

    @property
    def changed(self) -> bool:
        """Does its value differ from what Stitch has?"""
        return self._value is not None and self.is_unsaved

    @property
    def is_unsaved(self) -> bool:
        """Does it differ from what Stitch has, or lack a value that Stitch has?"""
        return self._value != self.baseline and not self.read_only

    @property
    def error(self) -> str | None:
        """The error of the value, from validation or from Stitch; None if there is none."""
        if self.read_only or self.hidden:
            return None
        if self._value is None and self.baseline is not None:
            return _CANNOT_BE_EMPTY
        # An update may leave out properties, but a chosen schedule must be complete.
        if self.missing and (not self._is_update or self._owner.is_needed(self)):
            return self._missing_error()
        # Stitch has accepted its own value.
        if self._value == self.baseline:
            return self._refusal
        return self._own_error or self._refusal

    @property
    def text(self) -> str:
        """The text of the input; always empty for a credential."""
        return "" if self.input.is_secret else self._text

    def put(self, value: Any) -> None:
        """Set a value as the API takes it, and validate it; None clears."""
        text, self.as_json = self._to_text(value) if value is not None else ("", self._begins_as_json)
        self._set(value, text)
        self._own_error, self.place = self._validate(value) if value is not None else (None, ())

    def begin(self, value: Any, *, provided: bool) -> None:
        """Start an update with the value that Stitch has; of a credential only that there is one."""
        self._is_update = True
        self.kept = provided and (self.input.is_secret or value is None)
        self.baseline = None if self.input.is_secret else value
        self.put(self.baseline)

    def type_in(self, text: str, *, as_json: bool = False) -> None:
        """Set the text that the user typed."""
        self.as_json = as_json or self._begins_as_json
        value, self._own_error, self.place = self._read(text)
        self._set(value, text)
        if self._own_error is None and value is not None:
            self._own_error, self.place = self._validate(value)
        self.touched = True

    def edit_as_json(self, as_json: bool) -> None:
        """Show the value as JSON, or in its own input if that can show it without loss."""
        if self._value is None or self.input.is_secret:
            self.as_json, self._text = as_json or self._begins_as_json, ""
        elif as_json:
            json_only = replace(self.input, kind=InputKind.JSON)
            self._text, self.as_json = form_text.format(json_only, rules_for_key(""), self._value)
        else:
            self._text, self.as_json = self._to_text(self._value)
        self.revision += 1

    def refuse(self, message: str) -> None:
        """Show Stitch's error until the value changes."""
        self._refusal = message
        self.touched = True

    def forget(self) -> None:
        """Forget a credential that was sent, but not that there is one."""
        if self.input.is_secret and self._value is not None:
            self._value, self._text, self._own_error, self.place = None, "", None, ()
            self.kept = True
            # Otherwise the page would still show dots.
            self.revision += 1

    def __repr__(self) -> str:
        value = f"'{MASK}'" if self.input.is_secret and self.given else repr(self._value)
        error = f", error={self.error!r}" if self.error else ""
        hidden = ", hidden" if self.hidden else ""
        return f"{type(self).__name__}({self.name!r}, value={value}{error}{hidden})"

    @property
    def _begins_as_json(self) -> bool:
        return self.input.kind is InputKind.JSON

    def _set(self, value: Any, text: str) -> None:
        self.revision += 1
        self._value = value
        self._text = "" if self.input.is_secret else text
        self._refusal = None

    def _validate(self, value: Any) -> tuple[str | None, Path]:
        return None, ()

    def _missing_error(self) -> str:
        return f"Required: {self.input.expected}."

    def _as_sent(self, value: Any) -> Any:
        """Convert a value of Python code to what the API takes."""
        if isinstance(value, Secret):
            value = value.reveal()
        return None if value is None or value == "" else value

    def _read(self, text: str) -> tuple[Any, str | None, Path]:
        """Parse the typed text: the value, and the error with its path if it can't be parsed."""
        return text.strip() or None, None, ()

    def _to_text(self, value: Any) -> tuple[str, bool]:
        return to_wire_text(value), False


class TextField(FormField):
    """A text that is not a property, such as a destination's description."""

    def __init__(self, name: str, help: str, *, owner: FieldOwner) -> None:
        super().__init__(name, PropertyInput(InputKind.TEXT, "a text"), required=False, read_only=False, owner=owner)
        self.help = help

    def _validate(self, value: Any) -> tuple[str | None, Path]:
        return (None if isinstance(value, str) else f"Expected {self.input.expected}."), ()


class DisplayNameField(FormField):
    """The display name of a source. Stitch derives the schema's name from it."""

    def __init__(self, *, example: str, owner: FieldOwner, schema_name: str = "") -> None:
        described = PropertyInput(InputKind.TEXT, f"a name, such as {example}", example)
        super().__init__(DISPLAY_NAME, described, required=True, read_only=False, owner=owner)
        self._schema_name = schema_name
        self.help = self._help()

    def _set(self, value: Any, text: str) -> None:
        super()._set(value, text)
        self.help = self._help()

    def _help(self) -> str:
        if self._schema_name:
            return f"The name in lists. The schema in the destination is still {self._schema_name}."
        name = derive_name(self._value) if isinstance(self._value, str) else ""
        if not name or display_name_error(self._value):
            return "Also names the schema in the destination. This can't be changed later."
        return f"Creates schema {name} in the destination. This can't be changed later."

    def _validate(self, value: Any) -> tuple[str | None, Path]:
        return (display_name_error(value) if isinstance(value, str) else f"Expected {self.input.expected}."), ()


class PropertyField(FormField):
    """A property of the report card."""

    def __init__(
        self, prop: Property, *, owner: FieldOwner, override: Override | None = None, type_name: str = ""
    ) -> None:
        described = describe(prop, type_name)
        super().__init__(
            prop.name,
            override.applied_to(described) if override else described,
            required=is_user_required(prop),
            read_only=prop.is_read_only,
            owner=owner,
        )
        self.property = prop
        self._type_name = type_name
        self.as_json = self._begins_as_json
        self.help = help_text(prop, type_name)
        if override:
            self.label = override.label or self.label
            self.help = self.help if override.help is None else override.help

    @property
    def given_by_stitch(self) -> bool:
        """Does Stitch supply it, unless the user enters a value?"""
        return self.property.property_type == "system_provided_by_default"

    @property
    def is_immutable(self) -> bool:
        """Can it only be set at creation?"""
        return self.property.property_type == "user_provided_immutable"

    def _validate(self, value: Any) -> tuple[str | None, Path]:
        problem = check_value(self.property, value, self._type_name)
        return (problem.message, problem.path) if problem else (None, ())

    def _missing_error(self) -> str:
        return missing_error(self.property, self._type_name)

    def _as_sent(self, value: Any) -> Any:
        value = super()._as_sent(value)
        if isinstance(value, datetime):
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            # A naive time stays without a zone, so that validation reports it.
            return moment.isoformat(timespec="seconds") + ("Z" if value.tzinfo else "")
        if isinstance(value, date):
            return value.isoformat() + (self.input.date_suffix or "")
        if isinstance(value, bool | int | float):
            return to_wire_text(value)
        if isinstance(value, Mapping):
            return dict(value)
        return list(value) if isinstance(value, tuple) else value

    def _read(self, text: str) -> tuple[Any, str | None, Path]:
        parsed = form_text.parse(self.input, rules_of(self.property), text, as_json=self.as_json)
        return parsed.value, parsed.error, parsed.path

    def _to_text(self, value: Any) -> tuple[str, bool]:
        text, as_json = form_text.format(self.input, rules_of(self.property), value)
        return text, as_json and self.input.kind in STRUCTURED


class CronField(PropertyField):
    """The cron expression, in the format of Quartz."""

    def __init__(
        self, prop: Property, *, owner: FieldOwner, override: Override | None = None, type_name: str = ""
    ) -> None:
        super().__init__(prop, owner=owner, override=override, type_name=type_name)
        example = "0 0 12 ? * MON-FRI"
        self.input = replace(self.input, expected=f"a Quartz cron expression, such as {example}", example=example)

    def _validate(self, value: Any) -> tuple[str | None, Path]:
        error, place = super()._validate(value)
        if error is None and isinstance(value, str):
            try:
                CronExpression.parse(value)
            except CronError as refusal:
                # The same text as the API's error.
                error = f'cron_expression "{value}" is invalid: {refusal}'
        return error, place

    def _missing_error(self) -> str:
        return f"Required: {self.input.expected}."
