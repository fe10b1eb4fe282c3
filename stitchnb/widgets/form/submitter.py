"""What a form does when it is submitted, and where its errors belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from stitchnb.errors import APIError, InvalidPropertiesError, InvalidValuesError, NameTakenError, StitchError
from stitchnb.models import Destination, Source
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form.authorization import Explanation, explanation
from stitchnb.widgets.form.fields import DISPLAY_NAME, FormField
from stitchnb.widgets.form.schedule import CRON

if TYPE_CHECKING:
    from stitchnb.client.requests import Request
    from stitchnb.widgets.form.model import FormModel


@dataclass(frozen=True)
class Submission:
    """The result of a submit.

    Attributes
    ----------
    value
        What `submit` returns.
    connection
        The source or destination as Stitch returned it; None if nothing was sent.
    saved
        The names of the fields that were changed; None if something was created.
    message
        What was created.
    """

    value: Any
    connection: Source | Destination | None = None
    saved: tuple[str, ...] | None = None
    message: str = ""


class Submitter:
    """What a form is for. This one sends nothing: a submit returns the valid values.

    Attributes
    ----------
    action
        The text of the button; without one the form has no button.
    subject
        What is sent, as the start of a sentence.
    """

    action = ""
    subject = "The form"

    def now(self) -> datetime:
        """Return the current time, from which the next runs are counted."""
        return datetime.now(UTC)

    def fields(self, model: FormModel) -> tuple[list[FormField], list[FormField]]:
        """Return the fields that are not properties: those before and those after them."""
        return [], []

    def submit(self, model: FormModel) -> Submission:
        """Send the values; called only when all are valid."""
        return Submission(model.changes if model.is_update else model.values)

    def as_python(self, model: FormModel) -> str:
        """Return a Python program that does the same."""
        return _snippets.as_assignment("properties", sent_values(model))

    def request(self, model: FormModel) -> tuple[Request[Any], str] | None:
        """Return the request that a submit would send, with variables for credentials, and the base URL."""
        return None

    def explanation(self, model: FormModel) -> Explanation | None:
        """Return how to grant access in a browser, if the type requires it."""
        source = model.latest
        if isinstance(source, Destination):
            return None
        return explain(model, source)


def explain(model: FormModel, source: Source | None, **where: Any) -> Explanation | None:
    """Return how to grant access to a source in a browser; `where` goes to `explanation`."""
    card = model.card if source is None else source.report_card
    return explanation(card, source=source, has_switch=bool(model.system_provided), **where)


def sent_values(model: FormModel) -> dict[str, Any]:
    """Return the properties that would be sent, with variables for credentials."""
    return _snippets.open_values(model.card.type_name, model.sent_fields)


def field_errors(error: StitchError, fields: Mapping[str, FormField]) -> dict[str, str]:
    """Return the errors of fields that a failed submit reports, by name; empty if the error is not about fields."""
    cron = fields.get(CRON)
    if isinstance(error, APIError) and CRON in error.message and cron is not None and not cron.hidden:
        # Quartz and the plan refuse an expression without naming a property.
        return {CRON: f"{error.message[:1].upper()}{error.message[1:].rstrip('.')}."}
    if isinstance(error, InvalidPropertiesError):
        return {name: _refusal(fields.get(name)) for name in error.bad_properties}
    if isinstance(error, NameTakenError):
        return {DISPLAY_NAME: f"Stitch refused this name: {error.message.rstrip('.')}. Choose another."}
    if isinstance(error, InvalidValuesError):
        known = {name: one.error for name, one in fields.items()}
        return {name: message for name, message in error.errors.items() if known.get(name) != message}
    return {}


def _refusal(one: FormField | None) -> str:
    message = "Stitch does not accept this value."
    return f"{message} Expected {one.input.expected}." if one is not None and one.input.example else message
