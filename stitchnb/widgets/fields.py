"""The fields of a form: one value each, with what is known of it and what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, NoReturn, Protocol

from stitchnb.errors import InvalidInputError
from stitchnb.models import Secret
from stitchnb.models._secret import MASK
from stitchnb.models.report_card import Property
from stitchnb.rules.formats import conforms
from stitchnb.rules.inputs import InputKind, PropertyInput, describe, shown
from stitchnb.rules.names import derive_name, display_name_error
from stitchnb.rules.properties import missing_error, value_error
from stitchnb.rules.words import help_text, label

DISPLAY_NAME = "display_name"

_LOCAL_TIME_LENGTH = len("2024-01-31T13:00")


class FieldOwner(Protocol):
    """The form that fields belong to."""

    def field_may_change(self, field: FormField) -> None:
        """Raise where a field's value cannot be set now."""

    def field_changed(self, field: FormField) -> None:
        """Take note that code has set a field's value."""


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
    input
        The kind of input, with its choices and what is expected in words.
    """

    def __init__(self, name: str, wanted: PropertyInput, *, required: bool, read_only: bool, owner: FieldOwner) -> None:
        self.name = name
        self.label = label(name)
        self.help = ""
        self.input = wanted
        self.required = required
        self.read_only = read_only
        self.touched = False
        self.revision = 0
        self._owner = owner
        self._value: Any = None
        self._text = ""
        self._was_sent = False
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
        self._owner.field_may_change(self)
        self.put(self._as_sent(value))
        self._owner.field_changed(self)

    @property
    def given(self) -> bool:
        """Was a value given?"""
        return self._value is not None or self._was_sent

    @property
    def missing(self) -> bool:
        """Is it required, and not given yet?"""
        return self.required and not self.given

    @property
    def error(self) -> str | None:
        """What is wrong with it, in words, by our rules or by Stitch's answer; None where nothing is."""
        if self._was_sent:
            return None
        if self.missing:
            return self._missing_error()
        return self._own_error or self._refusal

    @property
    def text(self) -> str:
        """The value as the page's input shows it; always empty for a credential."""
        return "" if self.input.is_secret else self._text

    def put(self, value: Any) -> None:
        """Take a value as it travels, and judge it; None clears."""
        self._set(value, self._written(value) if value is not None else "")
        self._own_error = self._judge(value) if value is not None else None

    def type_in(self, text: str) -> None:
        """Take what a user typed into the page's input."""
        value, unreadable = self._read(text)
        self._set(value, text)
        self._own_error = unreadable or (self._judge(value) if value is not None else None)
        self.touched = True

    def refuse(self, message: str) -> None:
        """Keep Stitch's refusal of the present value, until the value changes."""
        self._refusal = message
        self.touched = True

    def forget(self) -> None:
        """Forget a credential that has been sent: what is left is that there was one."""
        if self.input.is_secret and self._value is not None:
            self._value, self._text = None, ""
            self._was_sent = True

    def __repr__(self) -> str:
        value = f"'{MASK}'" if self.input.is_secret and self.given else repr(self._value)
        error = f", error={self.error!r}" if self.error else ""
        return f"{type(self).__name__}({self.name!r}, value={value}{error})"

    def _set(self, value: Any, text: str) -> None:
        self.revision += 1
        self._value = value
        self._text = "" if self.input.is_secret else text
        self._refusal = None

    def _judge(self, value: Any) -> str | None:
        raise NotImplementedError

    def _missing_error(self) -> str:
        raise NotImplementedError

    def _as_sent(self, value: Any) -> Any:
        """Turn what Python code gives into what travels."""
        if isinstance(value, Secret):
            value = value.reveal()
        return None if value is None or value == "" else value

    def _read(self, text: str) -> tuple[Any, str | None]:
        """Turn what was typed into what travels; the second is what makes it unreadable."""
        stripped = text.strip()
        return stripped or None, None

    def _written(self, value: Any) -> str:
        return shown(value)


class DisplayNameField(FormField):
    """The display name of a source, of which Stitch makes the schema's name."""

    def __init__(self, *, example: str, owner: FieldOwner) -> None:
        wanted = PropertyInput(InputKind.TEXT, f"a name, such as {example}", example)
        super().__init__(DISPLAY_NAME, wanted, required=True, read_only=False, owner=owner)
        self.help = self._help()

    def _set(self, value: Any, text: str) -> None:
        super()._set(value, text)
        self.help = self._help()

    def _help(self) -> str:
        name = derive_name(self._value) if isinstance(self._value, str) else ""
        if not name or display_name_error(self._value):
            return "The schema in the destination is named after it, for good."
        return f"Becomes schema {name} in the destination, for good."

    def _judge(self, value: Any) -> str | None:
        return display_name_error(value) if isinstance(value, str) else f"Expected {self.input.expected}."

    def _missing_error(self) -> str:
        return f"Required: {self.input.expected}."


class PropertyField(FormField):
    """A property of the report card."""

    def __init__(self, prop: Property, *, owner: FieldOwner) -> None:
        super().__init__(
            prop.name, describe(prop), required=prop.is_asked_for, read_only=prop.is_read_only, owner=owner
        )
        self.property = prop
        self.help = help_text(prop) or ("Stitch gives its own." if self.given_by_stitch else "")

    @property
    def given_by_stitch(self) -> bool:
        """Does Stitch give it, unless the user brings their own?"""
        return self.property.property_type == "system_provided_by_default"

    def _judge(self, value: Any) -> str | None:
        return value_error(self.property, value)

    def _missing_error(self) -> str:
        return missing_error(self.property)

    def _as_sent(self, value: Any) -> Any:
        value = super()._as_sent(value)
        if isinstance(value, datetime):
            moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            # A naive time stays without its zone, so that the rules can ask for one.
            return moment.isoformat(timespec="seconds") + ("Z" if value.tzinfo else "")
        if isinstance(value, date):
            return value.isoformat() + (self.input.date_suffix or "")
        if isinstance(value, bool | int | float):
            return shown(value)
        return list(value) if isinstance(value, tuple) else value

    def _read(self, text: str) -> tuple[Any, str | None]:
        if not text.strip():
            return None, None
        match self.input.kind:
            case InputKind.SECRET:
                # Spaces may be part of a password.
                return text, None
            case InputKind.DATE:
                day = text.strip()
                return (day if "T" in day else day + self.input.date_suffix), None
            case InputKind.DATETIME:
                return _utc(text.strip()), None
            case InputKind.LIST:
                return [line.strip() for line in text.splitlines() if line.strip()], None
            case InputKind.JSON:
                return self._read_json(text.strip())
            case InputKind.CHOICE:
                return self._read_choice(text), None
            case _:
                return text if self.input.is_multiline else text.strip(), None

    def _read_choice(self, text: str) -> Any:
        """Take a choice as the string it is shown as, or, where a schema mixes types, as what it says."""
        if text in self.input.choices and value_error(self.property, text) is not None:
            return json.loads(text)
        return text

    def _read_json(self, text: str) -> tuple[Any, str | None]:
        try:
            return json.loads(text, parse_constant=_no_constant), None
        except (ValueError, RecursionError) as error:
            if value_error(self.property, text) is None:
                return text, None
            where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
            return text, f"This is no JSON{where}. Expected {self.input.expected}."

    def _written(self, value: Any) -> str:
        if isinstance(value, str):
            match self.input.kind:
                case InputKind.DATE:
                    return value.removesuffix(self.input.date_suffix)
                case InputKind.DATETIME:
                    return _without_zone(value)
                case _:
                    return value
        if self.input.kind is InputKind.LIST and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return "\n".join(value)
        if self.input.kind is InputKind.JSON:
            return json.dumps(value, indent=2, ensure_ascii=False, default=str)
        return shown(value)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _without_zone(text: str) -> str:
    """Write a time of the API as a browser's date and time input takes it, which shows UTC here."""
    if not conforms("date-time", text):
        return text
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None).isoformat()
    except OverflowError:
        return text


def _utc(text: str) -> str:
    """Complete what a browser's date and time input gives, which is UTC here, to a time of the API."""
    if len(text) < _LOCAL_TIME_LENGTH or not text[-1].isdigit() or "+" in text or "-" in text[11:]:
        return text
    return f"{text}:00Z" if len(text) == _LOCAL_TIME_LENGTH else f"{text}Z"
