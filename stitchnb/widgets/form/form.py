"""The form of a report card: a widget in the page, a set of fields in code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, Self

import traitlets

from stitchnb._deprecated import Renamed
from stitchnb.errors import InvalidInputError, InvalidValuesError, StitchError
from stitchnb.models import Destination, ReportCard, Source
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.rules.report_cards.properties import form_groups
from stitchnb.widgets._argument_checks import require_card
from stitchnb.widgets._bridge import MessageError, PageWidget, asset
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form import spec as page_spec
from stitchnb.widgets.form.fields import FormField, read_overrides
from stitchnb.widgets.form.messages import (
    CodeRequested,
    EditorToggled,
    FieldBlurred,
    InputChanged,
    OwnClientToggled,
    ScheduleModeChanged,
    Submitted,
    ViewReady,
    read_message,
)
from stitchnb.widgets.form.model import FormDraft, FormModel
from stitchnb.widgets.form.submitter import Submitter, field_errors

_RESTORED = "Your earlier changes are restored. They are not saved yet."

_log = logging.getLogger(__name__)


class ConnectionForm(PageWidget):
    """A form made from a report card.

    It sends nothing: `submit` returns the values once they are valid. `SourceForm` and `DestinationForm` create and
    change things. You can observe ``values`` and ``errors``: ``form.observe(callback, names="values")``.

    Parameters
    ----------
    report_card
        The card of a source type or destination type. The default is the card of `connection`.
    values
        Initial properties, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back; the default is today.
    connection
        A source or destination to change: the form starts with its properties, and `submit` returns the changes.
    overrides
        How to show some properties, by name: ``{"subdomain": {"label": "Shop", "help": "As in its address",
        "placeholder": "acme", "widget": "textarea"}}``. Widgets are ``text``, ``textarea``, ``password`` and ``json``.
    only
        The properties to show, by name; the others are neither shown nor sent. Only for a change.
    header
        Show the form's own header and steps; False inside another widget with a header.
    submitter
        What a submit does; the default returns the values.

    Raises
    ------
    UnknownFieldError
        When `values` or `overrides` name a property that the card does not have; the message lists similar ones.
    InvalidInputError
        When an argument is wrong.

    Examples
    --------
    >>> properties = [{"name": "quota_limit", "is_required": True, "json_schema": {"type": "integer"}}]
    >>> card = {"type": "platform.x", "steps": [{"type": "form", "properties": properties}]}
    >>> form = stitchnb.ConnectionForm(stitchnb.ReportCard.from_dict(card))
    >>> form["quota_limit"].value = "thirty"
    >>> form.errors
    {'quota_limit': 'Expected a whole number, such as 30.'}
    """

    _esm = asset("dom.js", "next.js", "inputs.js", "schedule.js", "form.js")
    _css = asset("card.css", "next.css", "form.css", "inputs.css")
    # What the page draws once. It holds no value, so that a saved notebook has none.
    _spec = traitlets.Dict().tag(sync=True)

    # The last values that observers were notified of.
    _observed: Mapping[str, Any] = {}

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
        submitter: Submitter | None = None,
    ) -> None:
        require_card(report_card, type(self).__name__)
        if report_card is None and connection is None:
            raise InvalidInputError("Pass a report card, or a source or destination that has one.")
        if only is not None and connection is None:
            raise InvalidInputError("`only` limits a change. Something new needs all properties.")
        self.report_card: ReportCard = report_card or connection.report_card  # type: ignore[union-attr]
        self._submitter = submitter or Submitter()
        self._has_header = header
        self._callbacks: list[Callable[[Self], object]] = []
        self._submit_callbacks: list[Callable[[Self], object]] = []
        self._tried = self._is_sending = self._is_open = False
        self._attempt = 0
        self._message: tuple[str, str] | None = None
        self._focus: tuple[str, str] | None = None
        self._model = FormModel(
            self.report_card,
            connection=connection,
            overrides=read_overrides(overrides),
            only=only,
            add_fields=self._submitter.fields,
            now=self._submitter.now,
            on_set=self._after_change,
        )
        self._groups = page_spec.field_groups(form_groups(self.report_card), self._model.fields, self._model.conditions)
        if only is None:
            explained = self._submitter.explanation(self._model)
            self._groups = page_spec.with_authorization(self._groups, self._model, explained)
        self._model.begin(values or {}, today or datetime.now(UTC).date())
        self._schedule_state = self._read_schedule()
        self._last_state = self._form_state()
        super().__init__(_spec=self._page_spec())
        self._is_open = True
        self._connect()

    # From code

    @property
    def type(self) -> str:
        """The type that the card is of, such as ``platform.recurly``."""
        return self.report_card.type_name

    @property
    def values(self) -> dict[str, Any]:
        """The properties with a value, by name, as they would be sent; set one with ``form[name].value = …``.

        Blank, hidden and read-only ones are absent. Credentials are `Secret`: they show as a mask and are sent as they
        are. After a submit they are absent too.
        """
        return self._model.values

    @property
    def changes(self) -> dict[str, Any]:
        """The properties that differ from what Stitch has, by name; for something new, all values."""
        return self._model.changes

    @property
    def unsent(self) -> dict[str, str]:
        """The properties with a value that will not be sent, by name, with the reason.

        Properties of another kind of schedule are not listed.
        """
        return self._model.unsent

    @property
    def errors(self) -> dict[str, str]:
        """The errors by field name, including required fields without a value."""
        return self._model.errors

    @property
    def is_valid(self) -> bool:
        """Are there no errors?"""
        return not self.errors

    @property
    def message(self) -> str | None:
        """The last message of the whole form: a success, or an error that belongs to no field."""
        return self._message[1] if self._message else None

    notice = Renamed("message")

    @property
    def uses_own_client(self) -> bool:
        """Are the properties that Stitch would supply, such as an OAuth app, yours instead?

        It is turned on by setting it, or any of those properties. While it is off, they do not count.
        """
        return self._model.own_client

    @uses_own_client.setter
    def uses_own_client(self, on: bool) -> None:
        if not self._model.system_provided:
            raise InvalidInputError(f"{self.type} has no properties that Stitch supplies.")
        self._toggle_own_client(bool(on))

    def submit(self) -> Any:
        """Submit the form; without a client, this returns the values.

        Raises
        ------
        InvalidValuesError
            When a field has an error; the message names each. Nothing was sent.
        StitchError
            When Stitch refused; errors of fields are also shown there.
        """
        return self._submit(view="")

    def on_change(self, callback: Callable[[Self], object]) -> None:
        """Call `callback` with this form after every change of a value, typed or set."""
        self._callbacks.append(callback)

    def on_submit(self, callback: Callable[[Self], object]) -> None:
        """Call `callback` with this form after every successful submit."""
        self._submit_callbacks.append(callback)

    observe_values = Renamed("on_change")
    observe_submit = Renamed("on_submit")

    def observe(self, handler: Callable[..., Any], names: Any = traitlets.All, type: Any = "change") -> None:
        """Call `handler` after every change of ``values``, ``errors`` or a trait.

        Parameters
        ----------
        handler
            Called with a mapping of ``name``, ``old``, ``new`` and ``owner``, which is the form.
        names
            Such as ``"values"``, or several in a list.
        type
            Only ``"change"`` is supported.
        """
        super().observe(handler, names, type)
        observed = {names} if isinstance(names, str) else set(names) if isinstance(names, list | tuple) else set()
        for name in observed & {"values", "errors"}:
            self._observed = {name: getattr(self, name), **self._observed}

    def as_python(self) -> str:
        """Return the form as a Python program; credentials come from environment variables, such as RECURLY_API_KEY."""
        return self._submitter.as_python(self._model)

    def as_curl(self) -> str:
        """Return the form as a command for a POSIX shell; credentials come from environment variables.

        Raises
        ------
        InvalidInputError
            When the form sends nothing; `SourceForm` and `DestinationForm` do.
        """
        request = self._submitter.request(self._model)
        if request is None:
            raise InvalidInputError("This form sends no request. Use a SourceForm or DestinationForm.")
        escaped = [
            _snippets.variable_name(self.type, f.name)
            for f in self._model.sent_fields
            if f.input.is_secret and f.input.is_multiline and (f.given or f.missing)
        ]
        return _snippets.as_curl(*request, escaped=escaped)

    def __getitem__(self, name: str) -> FormField:
        """Return a field by its API name.

        Raises
        ------
        UnknownFieldError
            When the form has no such field; the message lists similar names.
        """
        return self._model.require(name)

    def __contains__(self, name: object) -> bool:
        return name in self._model.fields

    def __iter__(self) -> Iterator[FormField]:
        return iter(self._model)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._model.fields)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.type!r}, {self._summary()})"

    def _draft(self) -> FormDraft | None:
        return self._model.draft()

    def _restore(self, draft: FormDraft) -> None:
        """Fill in unsaved content again, and say that it is not saved."""
        self._model.restore(draft)
        self._message = ("warn", _RESTORED)
        self._send_changes()

    # Submitting

    def _submit(self, *, view: str) -> Any:
        if self._model.closed_message:
            raise InvalidInputError(f"{self._model.closed_message} Make a new form for another one.")
        if self._is_sending:
            raise InvalidInputError(f"{self._submitter.subject} is being sent.")
        self._tried = True
        self._attempt += 1
        self._is_sending = True
        try:
            if errors := self.errors:
                raise InvalidValuesError(errors, what=self._submitter.subject)
            self._message = None
            submission = self._submitter.submit(self._model)
            if submission.connection is not None:
                self._store(submission.connection, submission.saved, submission.message)
        except StitchError as error:
            self._place_error(error, view)
            raise
        finally:
            self._is_sending = False
            self._send_changes()
        for callback in list(self._submit_callbacks):
            callback(self)
        return submission.value

    def _store(self, connection: Source | Destination, saved: tuple[str, ...] | None, message: str) -> None:
        """Show what Stitch returned: a new connection closes the form, a changed one starts it again."""
        if saved is None:
            self._model.close(connection, message)
            self._message = ("ok", message)
        else:
            self._model.rebase(connection, saved)
            self._tried = False
            self._message = ("ok", f"Saved {', '.join(self[name].label for name in saved)}.")
        self._connection_stored(connection)

    def _connection_stored(self, connection: Source | Destination) -> None:
        """React to what Stitch returned; a plain form has nothing to do."""

    def _place_error(self, error: StitchError, view: str) -> None:
        """Show an error at the fields that it is about, else at the form."""
        reported = field_errors(error, self._model.fields)
        placed = [
            name
            for name in reported
            if name in self and not (self[name].read_only or self[name].locked or self[name].hidden)
        ]
        for name in placed:
            self[name].refuse(reported[name])
        blocking = placed or list(self.errors)
        if blocking:
            self._focus = (view, blocking[0])
        if placed and len(placed) == len(reported):
            self._message = ("error", f"Not accepted: {', '.join(self[name].label for name in placed)}.")
        elif not isinstance(error, InvalidValuesError) or reported:
            self._message = ("error", str(error))

    # From the page

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        message = read_message(kind, content)
        match message:
            case ViewReady(view):
                self._schedule_state = self._read_schedule()
                self.send({"type": "state", "to": view, **self._state()})
            case Submitted(view, attempt):
                # The page may not know yet that an earlier click has finished: it must not send twice.
                if not self._model.closed_message and attempt == self._attempt:
                    self._submit(view=view)
            case CodeRequested(view, language):
                write = self._code.get(language)
                self.send({"type": "code", "to": view, "language": language, "text": write() if write else ""})
            case ScheduleModeChanged(view, mode):
                if not self._model.closed_message and self._model.schedule.choose(mode):
                    self._send_changes(self._model.schedule_fields, typed_in=view)
                    self._call_back()
            case OwnClientToggled(on=on):
                if not self._model.closed_message:
                    self._toggle_own_client(on)
            case InputChanged() | FieldBlurred() | EditorToggled():
                self._handle_field_message(message, self._editable(message.name))

    def _handle_field_message(self, message: InputChanged | FieldBlurred | EditorToggled, field: FormField) -> None:
        if self._model.closed_message:
            return
        match message:
            case InputChanged():
                field.type_in(message.text, as_json=message.as_json)
                self._after_change(field, typed_in=message.view)
            case EditorToggled():
                field.edit_as_json(message.as_json)
                self._send_changes([field])
            case FieldBlurred() if not field.touched:
                field.touched = True
                self._send_changes([field])

    def _editable(self, name: str) -> FormField:
        field = self._model.fields.get(name)
        if field is None or field.read_only or field.locked:
            raise MessageError("there is no such field to fill in")
        return field

    def _show_error(self, error: StitchError) -> None:
        # The form shows the error of a submit already.
        _log.debug("%s: %s", self, type(error).__name__)

    @property
    def _code(self) -> Mapping[str, Callable[[], str]]:
        programs = {"python": self.as_python}
        return programs if self._submitter.request(self._model) is None else {**programs, "curl": self.as_curl}

    def _toggle_own_client(self, on: bool) -> None:
        self._model.own_client = on
        self._send_changes(list(self._model.system_provided))
        self._call_back()

    def _after_change(self, field: FormField, *, typed_in: str = "") -> None:
        if not self._is_open:
            return
        if self._message and self._message[0] == "error":
            self._message = None
        self._send_changes(self._model.affected_by(field), typed_in=typed_in, typed=field.name)
        self._call_back()

    def _call_back(self) -> None:
        for callback in list(self._callbacks):
            callback(self)

    def _notify_of_values(self) -> None:
        for name, before in self._observed.items():
            now = getattr(self, name)
            if now != before:
                self._observed = {**self._observed, name: now}
                self.notify_change(traitlets.Bunch(name=name, old=before, new=now, owner=self, type="change"))

    # To the page

    def _send_changes(self, fields: list[FormField] | None = None, *, typed_in: str = "", typed: str = "") -> None:
        """Send the page what has changed: these fields, or all of them.

        `typed_in` is the view where the field `typed` was edited: its input may have a newer text already.
        """
        if not self._is_open:
            return
        changed = list(self if fields is None else fields)
        if any(f.name in self._model.schedule for f in changed):
            self._schedule_state = self._read_schedule()
        state = self._form_state()
        patch = {key: value for key, value in state.items() if self._last_state.get(key) != value}
        self._last_state = state
        field_states = {f.name: page_spec.field_state(f) for f in changed}
        message: dict[str, Any] = {"type": "patch", "typedIn": typed_in, **patch, "fields": field_states}
        if typed_in:
            message["typed"] = typed
        if self._focus:
            message["focus"] = {"view": self._focus[0], "name": self._focus[1]}
            self._focus = None
        self.send(message)
        self._notify_of_values()

    def _state(self) -> dict[str, Any]:
        return {**self._form_state(), "fields": {f.name: page_spec.field_state(f) for f in self}}

    def _form_state(self) -> dict[str, Any]:
        tone, text = self._message or ("", "")
        latest = self._model.latest
        state = {
            "tried": self._tried,
            "locked": bool(self._model.closed_message),
            "attempt": self._attempt,
            "own": self._model.own_client,
            "notice": {"tone": tone, "text": text},
            "next": self._next(),
            "steps": page_spec.steps(self.report_card, latest.report_card if latest is not None else None),
        }
        return state if self._schedule_state is None else {**state, "schedule": self._schedule_state}

    def _read_schedule(self) -> dict[str, Any] | None:
        return self._model.schedule.state() if self._model.schedule else None

    def _next(self) -> dict[str, Any] | None:
        # A form inside another widget leaves the next step to it.
        explained = self._submitter.explanation(self._model) if self._has_header else None
        return explained.to_page() if explained and explained.resume_code else None

    def _page_spec(self) -> dict[str, Any]:
        return page_spec.form_spec(
            self._heading(),
            self._model,
            self._groups,
            action=self._submitter.action,
            copies=list(self._code),
            has_header=self._has_header,
        )

    def _heading(self) -> page_spec.Heading:
        title = type_title(self.type)
        connection = self._model.connection
        if connection is None:
            return page_spec.type_heading(self.report_card, title)
        kind = "destination" if isinstance(connection, Destination) else "source"
        name = connection.display_name or connection.name or title
        return page_spec.connection_heading(name, f"{kind} {connection.id}", getattr(connection, "state", ""))

    def _summary(self) -> str:
        latest = self._model.latest
        if latest is not None and not self._model.is_update:
            return f"created {'destination' if isinstance(latest, Destination) else 'source'} {latest.id}"
        unsent = f", not sent: {', '.join(self.unsent)}" if self.unsent else ""
        return page_spec.summary(self, is_update=self._model.is_update) + unsent

    def _table(self) -> str:
        heading, model = self._heading(), self._model
        rows = []
        for group in self._groups:
            # All of the schedule is shown: a table has nothing to choose with.
            fields = [f for f in group.fields if not f.hidden or f.name in model.schedule]
            rows.append((group.title, [(f, page_spec.value_by_stitch(f, model)) for f in fields]))
        return page_spec.table(heading.title, heading.code, self._summary(), [row for row in rows if row[1]])
