"""The form that creates a destination, or changes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.client import requests
from stitchnb.errors import InvalidInputError
from stitchnb.widgets._argument_checks import require_client, require_type
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form.fields import FormField, TextField
from stitchnb.widgets.form.form import ConnectionForm
from stitchnb.widgets.form.submitter import Submission, Submitter, sent_values

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.requests import Request
    from stitchnb.models import Destination, Source
    from stitchnb.widgets.form.model import FormModel

# The fields of a new destination that are not properties, with their help.
_TEXTS = {"name": "The name in the list of destinations.", "description": "A note for other people."}


class DestinationSubmitter(Submitter):
    """Creates a destination of a type, or updates `destination`."""

    def __init__(
        self, client: Client, type: str | None, destination: Destination | None, *, ignore_unmapped_sources: bool
    ) -> None:
        self._client = client
        self._type = type
        self._destination_id = destination.id if destination is not None else None
        self._ignore_unmapped_sources = ignore_unmapped_sources
        is_new = destination is None
        self.action = "Create destination" if is_new else "Save changes"
        self.subject = "The destination" if is_new else f"The change of destination {self._destination_id}"

    def fields(self, model: FormModel) -> tuple[list[FormField], list[FormField]]:
        """Return the name and the description of a new destination, which come last."""
        if self._destination_id is not None:
            return [], []
        return [], [TextField(name, help_text, owner=model) for name, help_text in _TEXTS.items()]

    def submit(self, model: FormModel) -> Submission:
        """Create or update the destination."""
        return self._create(model) if self._destination_id is None else self._update(model, self._destination_id)

    def _create(self, model: FormModel) -> Submission:
        # The form has validated the values already.
        destination: Destination = self._client.destinations.create(
            str(self._type),
            **self._texts(model),
            properties=dict(model.values),
            ignore_unmapped_sources=self._ignore_unmapped_sources,
            validate=False,
        )
        named = f": {destination.name}" if destination.name else ""
        message = f"Created destination {destination.id}{named}. Stitch now checks the connection."
        return Submission(destination, destination, message=message)

    def _update(self, model: FormModel, destination_id: int) -> Submission:
        properties = dict(model.changes)
        if not properties:
            raise InvalidInputError("There are no changes to save.")
        destination: Destination = self._client.destinations.update(destination_id, properties=properties)
        return Submission(destination, destination, saved=tuple(properties))

    def as_python(self, model: FormModel) -> str:
        """Return a call of ``client.destinations.create`` or ``client.destinations.update``."""
        method, first = ("create", self._type) if self._destination_id is None else ("update", self._destination_id)
        return _snippets.as_python(
            f"client.destinations.{method}", self._arguments(model), positional=[first], result="destination"
        )

    def request(self, model: FormModel) -> tuple[Request[Any], str] | None:
        """Return the request that a submit would send; None if the client has no base URL."""
        base_url = getattr(self._client, "base_url", None)
        if base_url is None:
            return None
        arguments = self._arguments(model)
        if self._destination_id is not None:
            return requests.update_destination(self._destination_id, arguments["properties"]), base_url
        return requests.create_destination({"type": self._type, **arguments}), base_url

    def _arguments(self, model: FormModel) -> dict[str, Any]:
        """Return the arguments of the call, with variables for credentials."""
        properties = sent_values(model)
        if self._destination_id is not None:
            return {"properties": properties}
        flag = {"ignore_unmapped_sources": True} if self._ignore_unmapped_sources else {}
        return {**self._texts(model), "properties": properties, **flag}

    @staticmethod
    def _texts(model: FormModel) -> dict[str, str]:
        fields = [model.fields[name] for name in _TEXTS if name in model.fields]
        return {field.name: field.value for field in fields if isinstance(field, TextField) and field.value}


class DestinationForm(ConnectionForm):
    """A form that creates a destination, or changes one.

    Parameters
    ----------
    client
        The account of the destination.
    type
        Destination type, such as ``postgres``; leave it out with `destination`.
    destination
        The destination to change, or its id. The form starts with what Stitch returns of it, and sends the changes.
    name, description
        Initial texts for a new destination; Stitch can't change them later.
    values
        Initial properties, by name.
    ignore_unmapped_sources
        False loads the rows of every source without a destination into the new one.
    overrides
        How to show some properties; see `ConnectionForm`.

    Attributes
    ----------
    destination
        The destination as Stitch last returned it; None until it is created. It can be observed:
        ``form.observe(callback, names="destination")``.

    Raises
    ------
    InvalidInputError
        When there is no such destination type or destination, or an argument is wrong.
    """

    destination = traitlets.Any(None, allow_none=True)

    def __init__(
        self,
        client: Client,
        type: str | None = None,
        *,
        destination: Destination | int | None = None,
        name: str | None = None,
        description: str | None = None,
        values: Mapping[str, Any] | None = None,
        ignore_unmapped_sources: bool = False,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        require_client(client, "DestinationForm")
        require_type(type, "DestinationForm", "destination")
        if (type is None) == (destination is None):
            raise InvalidInputError("Pass either the type of a new destination or the destination to change.")
        existing: Destination | None = (
            client.destinations.get(destination) if isinstance(destination, int) else destination
        )
        super().__init__(
            client.destination_types.get(type) if type is not None else None,
            values=values,
            connection=existing,
            overrides=overrides,
            submitter=DestinationSubmitter(client, type, existing, ignore_unmapped_sources=ignore_unmapped_sources),
        )
        self.destination = existing
        for key, text in (("name", name), ("description", description)):
            if text is not None:
                if existing is not None:
                    raise InvalidInputError(f"Stitch can't change the {key} of a destination, only its properties.")
                self[key].value = text

    def submit(self) -> Destination:
        """Create the destination, or send the changes.

        Returns
        -------
        Destination
            As Stitch returned it; also kept as `destination`.

        Raises
        ------
        InvalidValuesError
            When a field has an error; the message names each. Nothing was sent.
        InvalidInputError
            When there are no changes. Nothing was sent.
        APIError
            When Stitch refused; errors of fields are also shown there.
        OutcomeUnknownError
            When the connection broke. Check whether the destination exists before you submit again.
        """
        destination: Destination = super().submit()
        return destination

    def _connection_stored(self, connection: Source | Destination) -> None:
        self.destination = connection
