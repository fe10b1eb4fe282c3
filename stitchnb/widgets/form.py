"""A report card as a form: in the page one widget, from code a set of fields."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import anywidget
import traitlets

from stitchnb.errors import (
    InvalidInputError,
    InvalidPropertiesError,
    InvalidValuesError,
    NameTakenError,
    StitchError,
    near_names,
)
from stitchnb.models._secret import MASK
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.properties import by_name, default_values, groups
from stitchnb.rules.words import type_title
from stitchnb.widgets import _form_spec, _form_static
from stitchnb.widgets._assets import asset
from stitchnb.widgets._form_messages import Left, MessageError, Ready, Submitted, Typed, read_message
from stitchnb.widgets.fields import DISPLAY_NAME, DisplayNameField, FormField, PropertyField

_log = logging.getLogger(__name__)


class UnknownFieldError(InvalidInputError, LookupError):
    """The form has no such field; `near` holds the names like it."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.near = near_names(name, known)
        hint = f"Did you mean {' or '.join(map(repr, self.near))}?" if self.near else f"It has {', '.join(known)}."
        super().__init__(f"This form has no field {name!r}. {hint}")


class ConnectionForm(anywidget.AnyWidget):
    """A form made from a report card.

    Everything it does comes from the card. It sends nothing by itself: `submit` gives the values once they are valid;
    see `SourceForm` for the form that creates a source.

    Parameters
    ----------
    report_card
        The card of a source type or destination type.
    values
        Properties to begin with, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back; today where it is left out.

    Examples
    --------
    >>> properties = [{"name": "quota_limit", "is_required": True, "json_schema": {"type": "integer"}}]
    >>> card = {"type": "platform.x", "steps": [{"type": "form", "properties": properties}]}
    >>> form = stitchnb.ConnectionForm(stitchnb.ReportCard.from_dict(card))
    >>> form["quota_limit"].value = "thirty"
    >>> form.errors
    {'quota_limit': 'Expected a whole number, such as 30.'}
    """

    _esm = asset("dom.js", "form.js")
    _css = asset("card.css", "form.css")
    _spec = traitlets.Dict().tag(sync=True)

    _action = ""
    _what = "The form"

    def __init__(
        self, report_card: ReportCard, *, values: Mapping[str, Any] | None = None, today: date | None = None
    ) -> None:
        self.report_card = report_card
        self._fields: dict[str, FormField] = {}
        self._callbacks: list[Callable[[ConnectionForm], object]] = []
        self._tried = self._locked = self._is_sending = self._is_open = False
        self._attempt = 0
        self._notice: tuple[str, str] | None = None
        self._focus: tuple[str, str] | None = None
        self._add_fields()
        brought = [name for name, value in (values or {}).items() if value]
        self._groups = _form_spec.field_groups(groups(report_card, brought=brought), self._fields)
        self._fill_in(values or {}, today or datetime.now(UTC).date())
        spec = _form_spec.form_spec(report_card, self._groups, action=self._action)
        self._last_told = self._form_state()
        super().__init__(_spec=spec)
        self._is_open = True
        self.on_msg(self._on_message)

    def _add_fields(self) -> None:
        for name, prop in by_name(self.report_card).items():
            self._fields[name] = PropertyField(prop, owner=self)

    def _fill_in(self, values: Mapping[str, Any], today: date) -> None:
        defaults = default_values(self.report_card, today)
        for name, value in defaults.items():
            self._fields[name].put(value)
        if "start_date" in defaults:
            ago = str(self.report_card.details.default_start_date).removeprefix("-").strip()
            self._fields["start_date"].help += f" Default: {ago} ago."
        for name, value in values.items():
            self[name].value = value

    @property
    def type(self) -> str:
        """The type that the card is of, such as ``platform.recurly``."""
        return self.report_card.type_name

    def __getitem__(self, name: str) -> FormField:
        """Give one field by its API name.

        Raises
        ------
        UnknownFieldError
            When the form has no such field; near names are offered.
        """
        try:
            return self._fields[name]
        except KeyError:
            raise UnknownFieldError(name, list(self._fields)) from None

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __iter__(self) -> Iterator[FormField]:
        return iter(self._fields.values())

    @property
    def values(self) -> dict[str, Any]:
        """The properties that were given, by name, as they would be sent.

        Blank and read-only ones are absent. Credentials are `Secret`: they show as a mask, and travel as they are.
        Once they were sent they are forgotten, and absent too.
        """
        given = [f for f in self if isinstance(f, PropertyField) and f.value is not None]
        return _Values({f.name: f.value for f in given}, masked=[f.name for f in given if f.input.is_secret])

    @property
    def errors(self) -> dict[str, str]:
        """What stands in the way, by field name, in words; what is required and missing is among it."""
        return {f.name: f.error for f in self if f.error}

    @property
    def is_valid(self) -> bool:
        """Does nothing stand in the way?"""
        return not self.errors

    @property
    def notice(self) -> str | None:
        """What the form last had to say as a whole: a success, or a refusal that belongs to no field."""
        return self._notice[1] if self._notice else None

    def observe_values(self, callback: Callable[[ConnectionForm], object]) -> None:
        """Have `callback` called with this form after every change of a value, typed or set."""
        self._callbacks.append(callback)

    def submit(self) -> Any:
        """Send the form; a form without a client gives its values instead.

        Raises
        ------
        InvalidValuesError
            When something stands in the way: each field is named. Nothing was sent.
        StitchError
            When Stitch refused; what belongs to a field is also shown there.
        """
        return self._submit(view="")

    def _submit(self, *, view: str) -> Any:
        if self._locked:
            raise InvalidInputError(f"{self._notice_text()} For another one, make a new form.")
        if self._is_sending:
            raise InvalidInputError(f"{self._what} is being sent.")
        self._tried = True
        self._attempt += 1
        self._is_sending = True
        try:
            self._require_valid()
            self._notice = None
            result = self._deliver()
        except StitchError as error:
            self._place(error, view)
            raise
        finally:
            self._is_sending = False
            self._tell()
        return result

    def _notice_text(self) -> str:
        return self._notice[1] if self._notice else f"{self._what} was sent."

    def _require_valid(self) -> None:
        errors = self.errors
        if errors:
            raise InvalidValuesError(errors, what=self._what)

    def _deliver(self) -> Any:
        """Do what the form is for; called with valid values only."""
        return self.values

    def _progress(self) -> ReportCard | None:
        """Give the card of what was made, once something was."""
        return None

    def _finish(self, notice: str) -> None:
        """Close the form after success: what it held in secret is forgotten."""
        self._locked = True
        self._notice = ("ok", notice)
        for field in self:
            field.forget()

    def _place(self, error: StitchError, view: str) -> None:
        """Put what went wrong where it belongs: on fields, or else on the form."""
        if isinstance(error, InvalidPropertiesError):
            refused = {name: _refused(self._fields.get(name)) for name in error.bad_properties}
        elif isinstance(error, NameTakenError):
            refused = {DISPLAY_NAME: f"Stitch refused this name: {error.message.rstrip('.')}. Choose another."}
        elif isinstance(error, InvalidValuesError):
            refused = {name: message for name, message in error.errors.items() if self._error_of(name) != message}
        else:
            refused = {}
        on_fields = [name for name in refused if name in self._fields and not self._fields[name].read_only]
        for name in on_fields:
            self._fields[name].refuse(refused[name])
        blocking = on_fields or list(self.errors)
        if blocking:
            self._focus = (view, blocking[0])
        if on_fields and len(on_fields) == len(refused):
            self._notice = ("error", f"Not accepted: {', '.join(self[name].label for name in on_fields)}.")
        elif not isinstance(error, InvalidValuesError) or refused:
            self._notice = ("error", str(error))

    def _error_of(self, name: str) -> str | None:
        return self._fields[name].error if name in self._fields else None

    def field_may_change(self, field: FormField) -> None:
        """Raise where the form is closed; for its fields to call."""
        if self._locked:
            raise InvalidInputError(f"{field.name} cannot be set any more: {self._notice_text()}")

    def field_changed(self, field: FormField) -> None:
        """Tell the page of a value that code has set; for the form's fields to call."""
        field.touched = field.given
        self._after_change(field)

    def _after_change(self, field: FormField, *, typed_in: str = "") -> None:
        if self._notice and self._notice[0] == "error":
            self._notice = None
        self._tell([field], typed_in=typed_in)
        for callback in list(self._callbacks):
            callback(self)

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        try:
            message = read_message(content)
            field = self._editable(message.name) if isinstance(message, Typed | Left) else None
        except MessageError as error:
            _log.warning("%s ignored a message of its page: %s", self, error)
            return
        if isinstance(message, Ready):
            self.send({"type": "state", "to": message.view, **self._state()})
        elif isinstance(message, Submitted):
            self._on_submitted(message)
        elif self._locked or field is None:
            return
        elif isinstance(message, Typed):
            field.type_in(message.text)
            self._after_change(field, typed_in=message.view)
        elif not field.touched:
            field.touched = True
            self._tell([field])

    def _on_submitted(self, message: Submitted) -> None:
        # A second click was made before the page knew of the first one's end: it must not send again.
        if self._locked or message.attempt != self._attempt:
            return
        try:
            self._submit(view=message.view)
        except StitchError as error:
            # It stands in the form already.
            _log.debug("%s: %s", self, type(error).__name__)

    def _editable(self, name: str) -> FormField:
        field = self._fields.get(name)
        if field is None or field.read_only:
            raise MessageError("no such field to fill in")
        return field

    def _state(self) -> dict[str, Any]:
        return {**self._form_state(), "fields": {f.name: _field_state(f) for f in self}}

    def _form_state(self) -> dict[str, Any]:
        tone, text = self._notice or ("", "")
        return {
            "tried": self._tried,
            "locked": self._locked,
            "attempt": self._attempt,
            "notice": {"tone": tone, "text": text},
            "steps": _form_spec.steps(self.report_card, self._progress()),
        }

    def _tell(self, fields: list[FormField] | None = None, *, typed_in: str = "") -> None:
        """Send the page what has changed: these fields, or all of them.

        `typed_in` is the view that the change comes from, whose input has the text already, and perhaps a newer one.
        """
        if not self._is_open:
            return
        now = self._form_state()
        patch = {key: value for key, value in now.items() if self._last_told.get(key) != value}
        self._last_told = now
        shown = {f.name: _field_state(f) for f in (self if fields is None else fields)}
        message: dict[str, Any] = {"type": "patch", "typedIn": typed_in, **patch, "fields": shown}
        if self._focus:
            message["focus"] = {"view": self._focus[0], "name": self._focus[1]}
            self._focus = None
        self.send(message)

    def _summary(self) -> str:
        return _form_static.summary(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.type!r}, {self._summary()})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = self._table()
        return bundle

    def _table(self) -> str:
        card = self.report_card
        rows = [(g.title, [(f, _form_spec.shown_by_stitch(f, card)) for f in g.fields]) for g in self._groups]
        return _form_static.table(type_title(self.type), self.type, self._summary(), rows)


class _Values(dict[str, Any]):
    """Values whose repr shows no credential, not even one that is a list."""

    def __init__(self, values: Mapping[str, Any], *, masked: list[str]) -> None:
        super().__init__(values)
        self._masked = frozenset(masked)

    def __repr__(self) -> str:
        return repr({name: MASK if name in self._masked else value for name, value in self.items()})


def _field_state(field: FormField) -> dict[str, Any]:
    state = {
        "text": field.text,
        "given": field.given,
        "missing": field.missing,
        "error": field.error or "",
        "touched": field.touched,
        "revision": field.revision,
    }
    # The one help that changes as one types.
    return state | {"help": field.help} if isinstance(field, DisplayNameField) else state


def _refused(field: FormField | None) -> str:
    message = "Stitch does not accept this value."
    return f"{message} Expected {field.input.expected}." if field is not None and field.input.example else message
