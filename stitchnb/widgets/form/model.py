"""The fields of a form and what follows from them: values, errors, changes, and which fields count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NoReturn, Self

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.models import Destination, ReportCard, Source
from stitchnb.models.base import MASK
from stitchnb.rules.report_cards.properties import by_name, conditions, default_values
from stitchnb.widgets.form.fields import DISPLAY_NAME, CronField, FormField, Override, PropertyField
from stitchnb.widgets.form.schedule import CRON, CurrentSchedule, ScheduleControl


class UnknownFieldError(InvalidInputError, LookupError):
    """The form has no such field; `near` holds similar names."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.near = near_names(name, known)
        hint = f"Did you mean {' or '.join(map(repr, self.near))}?" if self.near else f"It has {', '.join(known)}."
        super().__init__(f"This form has no field {name!r}. {hint}")


class FormValues(dict[str, Any]):
    """Values by name. The repr masks credentials, and the dict is read-only."""

    def __init__(self, values: Mapping[str, Any], masked: Collection[str]) -> None:
        super().__init__(values)
        self._masked = frozenset(masked)

    @classmethod
    def of(cls, fields: Collection[PropertyField]) -> Self:
        """Collect the values of fields."""
        return cls({f.name: f.value for f in fields}, [f.name for f in fields if f.input.is_secret])

    def __repr__(self) -> str:
        return repr({name: MASK if name in self._masked else value for name, value in self.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy is made whole: setting its items one by one would raise.
        return type(self), (dict(self), self._masked)

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("The values of a form are read-only. Set one with form[name].value = …")

    __setitem__ = __delitem__ = __ior__ = update = setdefault = pop = popitem = clear = _refuse


@dataclass(frozen=True, repr=False)
class FieldDraft:
    """The unsaved content of one field. It may be a credential, so it has no repr.

    Attributes
    ----------
    content
        The text of the input; for a credential, its value.
    as_json
        Is it edited as JSON?
    touched
        May its error be shown?
    """

    content: Any
    as_json: bool = False
    touched: bool = field(default=False, compare=False)


@dataclass(frozen=True, repr=False)
class FormDraft:
    """The unsaved content of a form. It may hold credentials: it has no repr, and is never sent to a page.

    Attributes
    ----------
    fields
        By name: all fields of something new, else those that differ from what Stitch has.
    own_client
        Is the switch for the user's own OAuth app on?
    schedule
        The kind of schedule.
    """

    fields: Mapping[str, FieldDraft]
    own_client: bool
    schedule: str


class FormModel:
    """The fields of one form, without a widget or a client.

    Parameters
    ----------
    card
        The report card that the fields are made from.
    connection
        The source or destination to change; None for a new one.
    overrides
        How some properties are shown, by name.
    only
        The names of the properties to include; None for all.
    add_fields
        Returns the fields that are not properties: those before and those after them.
    now
        Returns the current time, aware.
    on_set
        Called with a field after code has set its value.

    Attributes
    ----------
    fields
        All fields by name, in order.
    schedule
        The control of the schedule's properties.
    conditions
        The fields that count only for some values of another field, by name.
    own_client
        Is the switch for the user's own OAuth app on?
    closed_message
        Why no value can be set anymore; empty while the form is open.
    latest
        The source or destination as Stitch last returned it; None until it is created.
    """

    def __init__(
        self,
        card: ReportCard,
        *,
        connection: Source | Destination | None,
        overrides: Mapping[str, Override],
        only: Collection[str] | None,
        add_fields: Callable[[FormModel], tuple[list[FormField], list[FormField]]],
        now: Callable[[], datetime],
        on_set: Callable[[FormField], None],
    ) -> None:
        self.card = card
        self.connection = connection
        self.latest = connection
        self.overrides = overrides
        self.own_client = False
        self.closed_message = ""
        self._on_set = on_set
        self.conditions = conditions(card)
        self.fields = self._make_fields(only, add_fields)
        for name in (*overrides, *(only or ())):
            self.require(name)
        self.schedule = ScheduleControl(
            self.fields,
            default_minutes=card.details.default_scheduling_interval,
            now=now,
            current=CurrentSchedule.of(connection) if isinstance(connection, Source) else None,
        )

    def _make_fields(
        self,
        only: Collection[str] | None,
        add_fields: Callable[[FormModel], tuple[list[FormField], list[FormField]]],
    ) -> dict[str, FormField]:
        before, after = add_fields(self)
        properties: list[FormField] = []
        for name, prop in by_name(self.card).items():
            if only is None or name in only:
                kind = CronField if name == CRON else PropertyField
                properties.append(
                    kind(prop, owner=self, override=self.overrides.get(name), type_name=self.card.type_name)
                )
        before = [one for one in before if only is None or one.name in only]
        first = {one.name for one in before}
        # One name is one field: a source's display name replaces a property, a property replaces a field after it.
        properties = [one for one in properties if one.name not in first]
        names = {one.name for one in properties}
        return {one.name: one for one in (*before, *properties, *(one for one in after if one.name not in names))}

    def __iter__(self) -> Iterator[FormField]:
        return iter(self.fields.values())

    def require(self, name: str) -> FormField:
        """Return a field by its name; `UnknownFieldError` if there is none."""
        try:
            return self.fields[name]
        except KeyError:
            raise UnknownFieldError(name, list(self.fields)) from None

    @property
    def is_update(self) -> bool:
        """Does the form change something that exists?"""
        return self.connection is not None

    @property
    def stored_values(self) -> Mapping[str, Any]:
        """The properties of the connection as Stitch last returned them."""
        return self.connection.properties if self.connection is not None else {}

    # The content

    @property
    def properties(self) -> list[PropertyField]:
        """The fields that are properties."""
        return [f for f in self if isinstance(f, PropertyField)]

    @property
    def values(self) -> FormValues:
        """The properties with a value, by name."""
        return FormValues.of([f for f in self.properties if f.value is not None and not f.hidden])

    @property
    def changes(self) -> FormValues:
        """The properties that differ from what Stitch has, by name."""
        return FormValues.of([f for f in self.properties if f.changed and not f.hidden])

    @property
    def sent_fields(self) -> list[PropertyField]:
        """The properties whose values would be sent, or are still required."""
        open_fields = [f for f in self.properties if not f.read_only and not f.hidden]
        return [f for f in open_fields if f.changed] if self.is_update else open_fields

    @property
    def unsent(self) -> dict[str, str]:
        """The properties with a value that will not be sent, by name, with the reason."""
        return {
            f.name: self._why_hidden(f)
            for f in self.properties
            if f.changed and f.hidden and f.name not in self.schedule
        }

    @property
    def errors(self) -> dict[str, str]:
        """The errors by field name, including required fields without a value."""
        return {f.name: error for f in self if (error := f.error)}

    @property
    def system_provided(self) -> tuple[PropertyField, ...]:
        """The fields that Stitch supplies, unless the user's own OAuth app is used."""
        return tuple(f for f in self.properties if f.given_by_stitch)

    def affected_by(self, one: FormField) -> list[FormField]:
        """Return a field and those that its value shows or hides."""
        if one.name in self.schedule:
            return self.schedule_fields
        affected = [one]
        for governor in affected:
            affected += [self.fields[name] for name, c in self.conditions.items() if c.governor == governor.name]
        return affected

    @property
    def schedule_fields(self) -> list[FormField]:
        """The fields of the schedule."""
        return [f for f in self if f.name in self.schedule]

    # What fields ask of their form: see `FieldOwner`

    def require_open(self, one: FormField) -> None:
        """Raise an error if no value can be set anymore."""
        if self.closed_message:
            raise InvalidInputError(f"{one.name} can't be set anymore: {self.closed_message}")

    def field_set(self, one: FormField) -> None:
        """React to a value that code has set."""
        one.touched = one.given
        if isinstance(one, PropertyField) and one.given_by_stitch and one.value is not None:
            self.own_client = True
        if one.name in self.schedule:
            self.schedule.follow()
        self._on_set(one)

    def is_hidden(self, one: FormField) -> bool:
        """Does the field not count for the current values of other fields?"""
        if self.schedule.hides(one.name):
            return True
        if isinstance(one, PropertyField) and one.given_by_stitch and not self.own_client:
            return True
        return not self._condition_holds(one)

    def is_needed(self, one: FormField) -> bool:
        """Does the chosen schedule require the field?"""
        return self.schedule.needs(one.name)

    def _condition_holds(self, one: FormField) -> bool:
        condition = self.conditions.get(one.name)
        governor = self.fields.get(condition.governor) if condition else None
        if condition is None or governor is None:
            return True
        return condition.holds(governor.value) and self._condition_holds(governor)

    def _why_hidden(self, one: FormField) -> str:
        condition = self.conditions.get(one.name)
        if condition is None or self._condition_holds(one):
            return "Only with uses_own_client on."
        return f"Only while {condition.governor} is {' or '.join(sorted(condition.values))}."

    # Its life

    def begin(self, values: Mapping[str, Any], today: date) -> None:
        """Fill in the defaults or what Stitch has, then `values`."""
        if self.connection is None:
            self._fill_in_defaults(today)
        else:
            self._fill_in_stored(self.connection)
        for name, value in values.items():
            self.require(name).value = value
        self.schedule.follow()

    def _fill_in_defaults(self, today: date) -> None:
        defaults = default_values(self.card, today)
        for name, value in defaults.items():
            self.fields[name].put(value)
        if "start_date" in defaults and not self.overrides.get("start_date", Override()).help:
            ago = str(self.card.details.default_start_date).removeprefix("-").strip()
            self.fields["start_date"].help += f" Default: {ago} ago."

    def _fill_in_stored(self, connection: Source | Destination) -> None:
        provided = {p.name for p in connection.report_card.properties if p.provided}
        for one in self.properties:
            if one.read_only:
                continue
            value = self.stored_values.get(one.name)
            is_stored = one.name in provided or value is not None
            one.begin(value, provided=is_stored)
            if one.is_immutable and (is_stored or not one.required):
                one.locked = "It was set when this was created."
        if DISPLAY_NAME in self.fields:
            self.fields[DISPLAY_NAME].begin(connection.display_name, provided=True)

    def close(self, created: Source | Destination, message: str) -> None:
        """Accept no more values after something was created, and forget its credentials."""
        self.latest = created
        self.closed_message = message
        for one in self:
            one.forget()

    def rebase(self, connection: Source | Destination, names: Collection[str]) -> None:
        """Continue after a saved change: what Stitch returned is what it has now."""
        sent = {name: self.fields[name].value for name in names if not self.fields[name].input.is_secret}
        self.connection = self.latest = connection
        if isinstance(connection, Source):
            self.schedule.current = CurrentSchedule.of(connection)
        for one in self:
            if one.name in names:
                one.forget()
            if one.name in sent and not (one.read_only or one.hidden):
                # A response may leave out what was just sent.
                one.begin(self._stored_or(one.name, sent[one.name]), provided=True)
                one.touched = False

    def _stored_or(self, name: str, sent: Any) -> Any:
        if name == DISPLAY_NAME and self.connection is not None:
            return self.connection.display_name or sent
        return self.stored_values.get(name, sent)

    def draft(self) -> FormDraft | None:
        """Return the unsaved content; None if there is none."""
        if self.closed_message:
            return None
        fields = {f.name: _field_draft(f) for f in _editable(self) if not self.is_update or f.is_unsaved}
        return FormDraft(fields, self.own_client, self.schedule.mode) if fields else None

    def restore(self, draft: FormDraft) -> None:
        """Fill in unsaved content again; fields that the form does not have are left out."""
        editable = {f.name: f for f in _editable(self)}
        for name, content in draft.fields.items():
            if name in editable:
                _fill_in(editable[name], content)
        self.own_client = draft.own_client
        self.schedule.choose(draft.schedule)


def _editable(fields: Iterable[FormField]) -> list[FormField]:
    return [f for f in fields if not (f.read_only or f.locked)]


def _field_draft(one: FormField) -> FieldDraft:
    return FieldDraft(one._value if one.input.is_secret else one.text, one.as_json, one.touched)


def _fill_in(one: FormField, draft: FieldDraft) -> None:
    if one.input.is_secret:
        one.put(draft.content)
    else:
        one.type_in(draft.content, as_json=draft.as_json)
    one.touched = draft.touched
