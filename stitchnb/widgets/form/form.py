"""A report card as a form: in the page one widget, from code a set of fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from stitchnb._deprecated import Renamed
from stitchnb.errors import (
    InvalidInputError,
    near_names,
)
from stitchnb.models import Destination, ReportCard, Source
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.rules.report_cards.properties import by_name, conditions, default_values, form_groups
from stitchnb.widgets._argument_checks import require_card
from stitchnb.widgets.form import (
    authorization as _authorization,
)
from stitchnb.widgets.form import (
    snippets as _snippets,
)
from stitchnb.widgets.form import (
    spec as _form_spec,
)
from stitchnb.widgets.form import (
    spec as _form_static,
)
from stitchnb.widgets.form.draft import FormValues
from stitchnb.widgets.form.fields import CronField, FormField, PropertyField
from stitchnb.widgets.form.overrides import Override, read_overrides
from stitchnb.widgets.form.schedule import CRON, CurrentSchedule, ScheduleControl
from stitchnb.widgets.form.sending import FormSending

if TYPE_CHECKING:
    from stitchnb.client.requests import Request


class UnknownFieldError(InvalidInputError, LookupError):
    """The form has no such field; `near` holds the names like it."""

    def __init__(self, name: str, known: list[str]) -> None:
        self.name = name
        self.near = near_names(name, known)
        hint = f"Did you mean {' or '.join(map(repr, self.near))}?" if self.near else f"It has {', '.join(known)}."
        super().__init__(f"This form has no field {name!r}. {hint}")


class ConnectionForm(FormSending):
    """A form made from a report card.

    Everything it does comes from the card. It sends nothing by itself: `submit` gives the values once they are valid;
    see `SourceForm` and `DestinationForm` for the forms that create and change. Its ``values`` and ``errors`` can be
    observed: ``form.observe(callback, names="values")``.

    Parameters
    ----------
    report_card
        The card of a source type or destination type. With a `connection` it may be left out: its own is taken.
    values
        Properties to begin with, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back; today where it is left out.
    connection
        A source or destination to change: the form begins with its properties, and `submit` gives what was changed.
    overrides
        How some properties are shown otherwise, by name: ``{"subdomain": {"label": "Shop", "help": "As in its address",
        "placeholder": "acme", "widget": "textarea"}}``. Widgets are ``text``, ``textarea``, ``password`` and ``json``.
    only
        The properties that a change is limited to, by name; the others are neither shown nor sent.
    header
        Draw the form's own header and steps; without them it is part of something that has its own.

    Raises
    ------
    UnknownFieldError
        When `values` or `overrides` name a property that the card has not; near ones are offered.
    InvalidInputError
        When `overrides` ask for what there is not.

    Examples
    --------
    >>> properties = [{"name": "quota_limit", "is_required": True, "json_schema": {"type": "integer"}}]
    >>> card = {"type": "platform.x", "steps": [{"type": "form", "properties": properties}]}
    >>> form = stitchnb.ConnectionForm(stitchnb.ReportCard.from_dict(card))
    >>> form["quota_limit"].value = "thirty"
    >>> form.errors
    {'quota_limit': 'Expected a whole number, such as 30.'}
    """

    def __init__(
        self,
        report_card: ReportCard | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        today: date | None = None,
        connection: Source | Destination | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        only: Collection[str] | None = None,
        header: bool = True,
    ) -> None:
        require_card(report_card, type(self).__name__)
        if report_card is None and connection is None:
            raise InvalidInputError("Give a report card, or a source or destination that has one.")
        if only is not None and connection is None:
            raise InvalidInputError("Only a change can be limited to some properties: something new needs them all.")
        self.report_card = report_card or connection.report_card  # type: ignore[union-attr]
        self._connection = connection
        self._only = only
        self._has_header = header
        self._overrides = read_overrides(overrides)
        self._start()
        self._conditions = conditions(self.report_card)
        self._add_fields()
        for name in (*self._overrides, *(only or ())):
            self[name]  # refuses unknown names
        minutes = self.report_card.details.default_scheduling_interval
        current = CurrentSchedule.of(connection) if isinstance(connection, Source) else None
        self._schedule = ScheduleControl(self._fields, default_minutes=minutes, now=self._now, current=current)
        arranged = _form_spec.field_groups(form_groups(self.report_card), self._fields, self._conditions)
        self._groups = tuple(arranged)
        if only is None:
            self._groups = _form_spec.with_authorization(arranged, self.report_card, self._fields, self._explanation())
        self._begin(values or {}, today or datetime.now(UTC).date())
        self._open()

    def _describe(self) -> dict[str, Any]:
        return _form_spec.form_spec(
            self._heading(),
            self.report_card,
            self._groups,
            action=self._action,
            overrides=self._overrides,
            values=self._told_values,
            copies=list(self._code),
            governed=self._conditions,
            is_update=self._connection is not None,
            has_header=self._has_header,
        )

    def _heading(self) -> _form_spec.Heading:
        title = type_title(self.type)
        if self._connection is None:
            return _form_spec.type_heading(self.report_card, title)
        kind = "destination" if isinstance(self._connection, Destination) else "source"
        name = self._connection.display_name or self._connection.name or title
        state = getattr(self._connection, "state", "")
        return _form_spec.connection_heading(name, f"{kind} {self._connection.id}", state)

    def _add_fields(self) -> None:
        for name, prop in by_name(self.report_card).items():
            if self._only is not None and name not in self._only:
                continue
            kind = CronField if name == CRON else PropertyField
            self._fields[name] = kind(prop, owner=self, override=self._overrides.get(name), type_name=self.type)

    def _begin(self, values: Mapping[str, Any], today: date) -> None:
        if self._connection is None:
            self._take_defaults(today)
        else:
            self._take_over()
        for name, value in values.items():
            self[name].value = value
        self._schedule.follow()

    def _take_defaults(self, today: date) -> None:
        defaults = default_values(self.report_card, today)
        for name, value in defaults.items():
            self._fields[name].put(value)
        if "start_date" in defaults and not self._overrides.get("start_date", Override()).help:
            ago = str(self.report_card.details.default_start_date).removeprefix("-").strip()
            self._fields["start_date"].help += f" Default: {ago} ago."

    def _take_over(self) -> None:
        """Begin with what the connection has."""
        provided = (
            {p.name for p in self._connection.report_card.properties if p.provided} if self._connection else set()
        )
        for field in self:
            if not isinstance(field, PropertyField) or field.read_only:
                continue
            value = self._told_values.get(field.name)
            is_there = field.name in provided or value is not None
            field.begin(value, provided=is_there)
            if field.is_immutable and (is_there or not field.required):
                field.locked = "It was fixed when this was created."

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def _explanation(self) -> _authorization.Explanation | None:
        """Say what a person has to grant in a browser, if anything."""
        return None if isinstance(self._connection, Destination) else self._explained(self._connection)

    def _explained(self, source: Source | None, **where: Any) -> _authorization.Explanation | None:
        has_switch = bool(_form_spec.given_by_stitch(self._fields))
        card = self.report_card if source is None else source.report_card
        return _authorization.explanation(card, source=source, has_switch=has_switch, **where)

    def _next(self) -> dict[str, Any] | None:
        # A form that is part of something else leaves it to that.
        explained = self._explanation() if self._has_header else None
        return explained.to_page() if explained and explained.resume_code else None

    @property
    def type(self) -> str:
        """The type that the card is of, such as ``platform.recurly``."""
        return self.report_card.type_name

    @property
    def uses_own_client(self) -> bool:
        """Are your own values used for what Stitch would supply, such as an OAuth client?

        It is switched on by setting it, or any of those properties. While it is off, they do not count.
        """
        return self._own_client

    @uses_own_client.setter
    def uses_own_client(self, on: bool) -> None:
        if not _form_spec.given_by_stitch(self._fields):
            raise InvalidInputError(f"{self.type} has no property that Stitch would give: there is nothing to switch.")
        self._switch(bool(on))

    def _switch(self, on: bool) -> None:
        self._own_client = on
        self._tell(list(_form_spec.given_by_stitch(self._fields)))
        self._call_back()

    @property
    def _code(self) -> Mapping[str, Callable[[], str]]:
        written = {"python": self.as_python}
        return written if self._request() is None else {**written, "curl": self.as_curl}

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

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._fields)

    @property
    def values(self) -> dict[str, Any]:
        """The properties that were given, by name, as they would be sent; set one by ``form[name].value = …``.

        Blank, hidden and read-only ones are absent. Credentials are `Secret`: they show as a mask, and travel as they
        are. Once they were sent they are forgotten, and absent too.
        """
        return FormValues.of([f for f in self if isinstance(f, PropertyField) and f.value is not None and not f.hidden])

    @property
    def changes(self) -> dict[str, Any]:
        """The properties that differ from what Stitch has, by name, as they would be sent: of a new one, all values."""
        return FormValues.of([f for f in self if isinstance(f, PropertyField) and f.changed and not f.hidden])

    @property
    def unsent(self) -> dict[str, str]:
        """The properties that were given and will not be sent, by name, and why, in words.

        What a schedule does not need is not among them: it was given by the form itself.
        """
        return {
            f.name: self._why_hidden(f)
            for f in self
            if f.changed and f.hidden and f.name not in self._schedule and isinstance(f, PropertyField)
        }

    def _why_hidden(self, field: FormField) -> str:
        condition = self._conditions.get(field.name)
        if condition is None or self._conditions_hold(field):
            return "Only with uses_own_client on."
        return f"Only while {condition.governor} is {' or '.join(sorted(condition.values))}."

    @property
    def errors(self) -> dict[str, str]:
        """What stands in the way, by field name, in words; what is required and missing is among it."""
        return {f.name: error for f in self if (error := f.error)}

    @property
    def is_valid(self) -> bool:
        """Does nothing stand in the way?"""
        return not self.errors

    @property
    def message(self) -> str | None:
        """The last message of the form as a whole: a success, or an error that belongs to no field."""
        return self._notice[1] if self._notice else None

    notice = Renamed("message")
    observe_values = Renamed("on_change")
    observe_submit = Renamed("on_submit")

    def as_python(self) -> str:
        """Write the form as a Python program; credentials come from environment variables, such as RECURLY_API_KEY."""
        values = _snippets.open_values(self.type, self._sent_fields())
        return _snippets.as_assignment("properties", values)

    def as_curl(self) -> str:
        """Write the form as a command for a POSIX shell; credentials come from environment variables.

        Raises
        ------
        InvalidInputError
            When the form sends nothing: `SourceForm` and `DestinationForm` do.
        """
        request = self._request()
        if request is None:
            raise InvalidInputError(
                "This form sends nothing, so it is no command: use a SourceForm or DestinationForm."
            )
        escaped = [
            _snippets.variable_name(self.type, f.name)
            for f in self._sent_fields()
            if f.input.is_secret and f.input.is_multiline and (f.given or f.missing)
        ]
        return _snippets.as_curl(*request, escaped=escaped)

    def _request(self) -> tuple[Request[Any], str] | None:
        """Give the request that would be sent, with variables for credentials, and where to; None where none is."""
        return None

    def _sent_fields(self) -> list[PropertyField]:
        """List the fields whose values would be sent, or are still wanted."""
        found = [f for f in self if isinstance(f, PropertyField) and not f.read_only and not f.hidden]
        return found if self._connection is None else [f for f in found if f.changed]

    def field_may_change(self, field: FormField) -> None:
        """Raise where the form is closed; for its fields to call."""
        if self._locked:
            raise InvalidInputError(f"{field.name} cannot be set any more: {self._notice_text()}")

    def field_changed(self, field: FormField) -> None:
        """Tell the page of a value that code has set; for the form's fields to call."""
        field.touched = field.given
        if isinstance(field, PropertyField) and field.given_by_stitch and field.value is not None:
            self._own_client = True
        if field.name in self._schedule:
            self._schedule.follow()
        self._after_change(field)

    def field_is_hidden(self, field: FormField) -> bool:
        """Tell whether a field does not count now; for the form's fields to call."""
        if self._schedule.hides(field.name):
            return True
        if isinstance(field, PropertyField) and field.given_by_stitch and not self._own_client:
            return True
        return not self._conditions_hold(field)

    def _conditions_hold(self, field: FormField) -> bool:
        condition = self._conditions.get(field.name)
        governor = self._fields.get(condition.governor) if condition else None
        if condition is None or governor is None:
            return True
        return condition.holds(governor.value) and self._conditions_hold(governor)

    def field_is_needed(self, field: FormField) -> bool:
        """Tell whether the chosen schedule needs a field; for the form's fields to call."""
        return self._schedule.needs(field.name)

    def _affected(self, field: FormField) -> list[FormField]:
        """List a field and those that its value decides about."""
        if field.name in self._schedule:
            return [f for f in self if f.name in self._schedule]
        found = [field]
        for one in found:
            found += [self._fields[name] for name, c in self._conditions.items() if c.governor == one.name]
        return found

    def _summary(self) -> str:
        unsent = f", not sent: {', '.join(self.unsent)}" if self.unsent else ""
        return _form_static.summary(self, is_update=self._connection is not None) + unsent

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.type!r}, {self._summary()})"

    def _table(self) -> str:
        card, heading = self.report_card, self._heading()
        rows = []
        for group in self._groups:
            # The schedule is shown whole: here nobody could choose.
            fields = [f for f in group.fields if not f.hidden or f.name in self._schedule]
            rows.append((group.title, [(f, _form_spec.shown_by_stitch(f, card, self._told_values)) for f in fields]))
        return _form_static.table(heading.title, heading.code, self._summary(), [row for row in rows if row[1]])
