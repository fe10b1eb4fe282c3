"""The sending of a form: what must be right before, and where that belongs which came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.errors import (
    APIError,
    InvalidInputError,
    InvalidPropertiesError,
    InvalidValuesError,
    NameTakenError,
    StitchError,
)
from stitchnb.models import Destination, ReportCard, Source
from stitchnb.widgets.form.fields import DISPLAY_NAME, FormField
from stitchnb.widgets.form.page import FormPage
from stitchnb.widgets.form.schedule import CRON, CurrentSchedule


class FormSending(FormPage):
    """The half of a form that sends it; what there is to send is for the form to say."""

    _connection: Source | Destination | None

    @property
    def values(self) -> dict[str, Any]:
        """What was given."""
        raise NotImplementedError

    @property
    def changes(self) -> dict[str, Any]:
        """What differs from what Stitch has."""
        raise NotImplementedError

    @property
    def errors(self) -> dict[str, str]:
        """What stands in the way."""
        raise NotImplementedError

    @property
    def _told_values(self) -> Mapping[str, Any]:
        """What Stitch tells of the connection's properties."""
        return self._connection.properties if self._connection is not None else {}

    @property
    def _action(self) -> str:
        """What the button says; without one there is no button."""
        return ""

    @property
    def _what(self) -> str:
        """What is sent, as the beginning of a sentence."""
        return "The form"

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
        for callback in list(self._submit_callbacks):
            callback(self)
        return result

    def _notice_text(self) -> str:
        return self._notice[1] if self._notice else f"{self._what} was sent."

    def _require_valid(self) -> None:
        errors = self.errors
        if errors:
            raise InvalidValuesError(errors, what=self._what)

    def _deliver(self) -> Any:
        """Do what the form is for; called with valid values only."""
        return self.values if self._connection is None else self.changes

    def _progress(self) -> ReportCard | None:
        """Give the card of what was made, once something was."""
        return self._connection.report_card if self._connection is not None else None

    def _finish(self, notice: str) -> None:
        """Close the form after success: what it held in secret is forgotten."""
        self._locked = True
        self._notice = ("ok", notice)
        for field in self:
            field.forget()

    def _saved(self, connection: Source | Destination, names: list[str]) -> None:
        """Begin anew after a successful change: what Stitch answered is what it has now."""
        sent = {name: self._fields[name].value for name in names if not self._fields[name].input.is_secret}
        self._connection = connection
        if isinstance(connection, Source):
            self._schedule.current = CurrentSchedule.of(connection)
        for field in self:
            if field.name in names:
                field.forget()
            if field.read_only or field.hidden:
                continue
            if field.name in sent:
                # An answer may leave out what was just given.
                field.begin(self._told_now(field.name, sent[field.name]), provided=True)
                field.touched = False
        self._tried = False
        self._notice = ("ok", f"Saved {', '.join(self._fields[name].label for name in names)}.")

    def _told_now(self, name: str, sent: Any) -> Any:
        if name == DISPLAY_NAME and self._connection is not None:
            return self._connection.display_name or sent
        return self._told_values.get(name, sent)

    def _place(self, error: StitchError, view: str) -> None:
        """Put what went wrong where it belongs: on fields, or else on the form."""
        cron = self._fields.get(CRON)
        if isinstance(error, APIError) and CRON in error.message and cron is not None and not cron.hidden:
            # Two refusals are of the expression alone: by Quartz, and by the plan.
            refused = {CRON: f"{error.message[:1].upper()}{error.message[1:].rstrip('.')}."}
        elif isinstance(error, InvalidPropertiesError):
            refused = {name: _refused(self._fields.get(name)) for name in error.bad_properties}
        elif isinstance(error, NameTakenError):
            refused = {DISPLAY_NAME: f"Stitch refused this name: {error.message.rstrip('.')}. Choose another."}
        elif isinstance(error, InvalidValuesError):
            refused = {name: message for name, message in error.errors.items() if self._error_of(name) != message}
        else:
            refused = {}
        on_fields = [name for name in refused if name in self._fields and self._can_be_mended(name)]
        for name in on_fields:
            self._fields[name].refuse(refused[name])
        blocking = on_fields or list(self.errors)
        if blocking:
            self._focus = (view, blocking[0])
        if on_fields and len(on_fields) == len(refused):
            self._notice = ("error", f"Not accepted: {', '.join(self._fields[name].label for name in on_fields)}.")
        elif not isinstance(error, InvalidValuesError) or refused:
            self._notice = ("error", str(error))

    def _can_be_mended(self, name: str) -> bool:
        field = self._fields[name]
        return not (field.read_only or field.locked or field.hidden)

    def _error_of(self, name: str) -> str | None:
        return self._fields[name].error if name in self._fields else None


def _refused(field: FormField | None) -> str:
    message = "Stitch does not accept this value."
    return f"{message} Expected {field.input.expected}." if field is not None and field.input.example else message
