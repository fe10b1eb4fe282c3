"""The fields of a form: one value each, with what is known of it and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

from stitchnb.errors import InvalidInputError
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
from stitchnb.widgets.form.overrides import Override

DISPLAY_NAME = "display_name"

_NOT_EMPTIED = "Stitch keeps what it once was given: this cannot be emptied. Give another value, or the old one."


class FieldOwner(Protocol):
    """The form that fields belong to."""

    def field_may_change(self, field: FormField) -> None:
        """Raise where a field's value cannot be set now."""

    def field_changed(self, field: FormField) -> None:
        """Take note that code has set a field's value."""

    def field_is_hidden(self, field: FormField) -> bool:
        """Tell whether a field does not count now."""

    def field_is_needed(self, field: FormField) -> bool:
        """Tell whether a field must be given because of what was chosen elsewhere in the form."""


class FormField:
    """One field of a form.

    Attributes
    ----------
    name
        The API's name: of a property, or ``display_name``.
    label
        What the form calls it.
    help
        What it is for, in words.
    touched
        Has it been filled in or left by someone, so that its error may be shown?
    revision
        How often its value was set.
    required
        Must it be given?
    read_only
        Stitch's own: shown, never sent.
    locked
        Why it cannot be changed any more, in words; empty where it can.
    kept
        A credential that Stitch has already, and that a form never shows.
    baseline
        The value that Stitch has; None where it has none, or never tells.
    as_json
        A list, rows or an object is edited as JSON.
    place
        The way to the part of a list or an object that its error is about.
    input
        The kind of input, with its choices and what is expected in words.
    """

    def __init__(self, name: str, wanted: PropertyInput, *, required: bool, read_only: bool, owner: FieldOwner) -> None:
        self.name = name
        self.label = property_label(name)
        self.help = ""
        self.input = wanted
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
        """The value as the API takes it, mostly a string such as ``"60"``; None while nothing was given.

        A credential comes as a `Secret`, which shows as a mask. Setting None or ``""`` clears the field; whole
        numbers, booleans and dates become the strings that they travel as.
        """
        return Secret(self._value) if self.input.is_secret and isinstance(self._value, str) else self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self.read_only:
            raise InvalidInputError(f"{self.name} is set by Stitch: it is shown here, and never sent.")
        if self.locked:
            raise InvalidInputError(f"{self.name} cannot be changed: {self.locked}")
        self._owner.field_may_change(self)
        self.put(self._as_sent(value))
        self._owner.field_changed(self)

    @property
    def hidden(self) -> bool:
        """Does it not count now, because of what another field says? Then it is neither wrong nor sent."""
        return self._owner.field_is_hidden(self)

    @property
    def given(self) -> bool:
        """Was a value given, here or before?"""
        return self._value is not None or self.kept

    @property
    def missing(self) -> bool:
        """Is it required, and not given yet?"""
        return not self.given and not self.hidden and (self.required or self._owner.field_is_needed(self))

    @property
    def changed(self) -> bool:
        """Does it hold another value than Stitch has?"""
        return self._value is not None and self.is_unsaved

    @property
    def is_unsaved(self) -> bool:
        """Does it hold another value than Stitch has, or none in the place of one?"""
        return self._value != self.baseline and not self.read_only

    @property
    def error(self) -> str | None:
        """What is wrong with it, in words, by our rules or by Stitch's answer; None where nothing is."""
        if self.read_only or self.hidden:
            return None
        if self._value is None and self.baseline is not None:
            return _NOT_EMPTIED
        # An update leaves out what Stitch does not have yet; what was chosen in the form itself must be complete.
        if self.missing and (not self._is_update or self._owner.field_is_needed(self)):
            return self._missing_error()
        # What Stitch has already it has accepted.
        if self._value == self.baseline:
            return self._refusal
        return self._own_error or self._refusal

    @property
    def text(self) -> str:
        """The value as the page's input shows it; always empty for a credential."""
        return "" if self.input.is_secret else self._text

    def put(self, value: Any) -> None:
        """Take a value as it travels, and judge it; None clears."""
        text, self.as_json = self._written(value) if value is not None else ("", self._begins_as_json)
        self._set(value, text)
        self._own_error, self.place = self._judge(value) if value is not None else (None, ())

    def begin(self, value: Any, *, provided: bool) -> None:
        """Begin an update with what Stitch has: its value, or of a credential only that there is one."""
        self._is_update = True
        self.kept = provided and (self.input.is_secret or value is None)
        self.baseline = None if self.input.is_secret else value
        self.put(self.baseline)

    def type_in(self, text: str, *, as_json: bool = False) -> None:
        """Take what a user typed into the page's input."""
        self.as_json = as_json or self._begins_as_json
        value, self._own_error, self.place = self._read(text)
        self._set(value, text)
        if self._own_error is None and value is not None:
            self._own_error, self.place = self._judge(value)
        self.touched = True

    def edit_as_json(self, as_json: bool) -> None:
        """Show the value as JSON, or in the input of its kind where that can show it without loss."""
        if self._value is None or self.input.is_secret:
            self.as_json, self._text = as_json or self._begins_as_json, ""
        elif as_json:
            json_only = replace(self.input, kind=InputKind.JSON)
            self._text, self.as_json = form_text.format(json_only, rules_for_key(""), self._value)
        else:
            self._text, self.as_json = self._written(self._value)
        self.revision += 1

    def refuse(self, message: str) -> None:
        """Keep Stitch's refusal of the present value, until the value changes."""
        self._refusal = message
        self.touched = True

    def forget(self) -> None:
        """Forget a credential that has been sent: what is left is that there was one."""
        if self.input.is_secret and self._value is not None:
            self._value, self._text, self._own_error, self.place = None, "", None, ()
            self.kept = True
            # The page would keep showing dots for what is no longer there.
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

    def _judge(self, value: Any) -> tuple[str | None, Path]:
        raise NotImplementedError

    def _missing_error(self) -> str:
        return f"Required: {self.input.expected}."

    def _as_sent(self, value: Any) -> Any:
        """Turn what Python code gives into what travels."""
        if isinstance(value, Secret):
            value = value.reveal()
        return None if value is None or value == "" else value

    def _read(self, text: str) -> tuple[Any, str | None, Path]:
        """Turn what was typed into what travels, and tell what makes it unreadable, and where."""
        return text.strip() or None, None, ()

    def _written(self, value: Any) -> tuple[str, bool]:
        return to_wire_text(value), False


class TextField(FormField):
    """A text beside the properties, such as a destination's description."""

    def __init__(self, name: str, help_words: str, *, owner: FieldOwner) -> None:
        super().__init__(name, PropertyInput(InputKind.TEXT, "a text"), required=False, read_only=False, owner=owner)
        self.help = help_words

    def _judge(self, value: Any) -> tuple[str | None, Path]:
        return (None if isinstance(value, str) else f"Expected {self.input.expected}."), ()


class DisplayNameField(FormField):
    """The display name of a source, of which Stitch makes the schema's name."""

    def __init__(self, *, example: str, owner: FieldOwner, schema_name: str = "") -> None:
        wanted = PropertyInput(InputKind.TEXT, f"a name, such as {example}", example)
        super().__init__(DISPLAY_NAME, wanted, required=True, read_only=False, owner=owner)
        self._schema_name = schema_name
        self.help = self._help()

    def _set(self, value: Any, text: str) -> None:
        super()._set(value, text)
        self.help = self._help()

    def _help(self) -> str:
        if self._schema_name:
            return f"What people see. The schema in the destination stays {self._schema_name}."
        name = derive_name(self._value) if isinstance(self._value, str) else ""
        if not name or display_name_error(self._value):
            return "The schema in the destination is named after it, for good."
        return f"Becomes schema {name} in the destination, for good."

    def _judge(self, value: Any) -> tuple[str | None, Path]:
        return (display_name_error(value) if isinstance(value, str) else f"Expected {self.input.expected}."), ()


class PropertyField(FormField):
    """A property of the report card."""

    def __init__(
        self, prop: Property, *, owner: FieldOwner, override: Override | None = None, type_name: str = ""
    ) -> None:
        wanted = describe(prop, type_name)
        super().__init__(
            prop.name,
            override.applied_to(wanted) if override else wanted,
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
        """Does Stitch give it, unless the user brings their own?"""
        return self.property.property_type == "system_provided_by_default"

    @property
    def is_immutable(self) -> bool:
        """Is it given once, at creation, and never changed after?"""
        return self.property.property_type == "user_provided_immutable"

    def _judge(self, value: Any) -> tuple[str | None, Path]:
        problem = check_value(self.property, value, self._type_name)
        return (problem.message, problem.path) if problem else (None, ())

    def _missing_error(self) -> str:
        return missing_error(self.property, self._type_name)

    def _as_sent(self, value: Any) -> Any:
        value = super()._as_sent(value)
        if isinstance(value, datetime):
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            # A naive time stays without its zone, so that the rules can ask for one.
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

    def _written(self, value: Any) -> tuple[str, bool]:
        text, as_json = form_text.format(self.input, rules_of(self.property), value)
        return text, as_json and self.input.kind in STRUCTURED


class CronField(PropertyField):
    """The cron expression, which Quartz judges."""

    def __init__(
        self, prop: Property, *, owner: FieldOwner, override: Override | None = None, type_name: str = ""
    ) -> None:
        super().__init__(prop, owner=owner, override=override, type_name=type_name)
        example = "0 0 12 ? * MON-FRI"
        self.input = replace(self.input, expected=f"a Quartz cron expression, such as {example}", example=example)

    def _judge(self, value: Any) -> tuple[str | None, Path]:
        error, place = super()._judge(value)
        if error is None and isinstance(value, str):
            try:
                CronExpression.parse(value)
            except CronError as refusal:
                # The words of the API's own refusal.
                error = f'cron_expression "{value}" is invalid: {refusal}'
        return error, place

    def _missing_error(self) -> str:
        return f"Required: {self.input.expected}."
