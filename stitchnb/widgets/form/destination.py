"""The form that creates a destination, or changes one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.client import requests
from stitchnb.errors import InvalidInputError
from stitchnb.models.report_card import ReportCard
from stitchnb.widgets._argument_checks import require_client, require_type
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form.fields import TextField
from stitchnb.widgets.form.form import ConnectionForm

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.requests import Request
    from stitchnb.models import Destination

_BESIDE = {"name": "What people see in the list of destinations.", "description": "For whoever looks at it later."}


class DestinationForm(ConnectionForm):
    """A form that creates a destination, or changes one that is there.

    Parameters
    ----------
    client
        The account that the destination is to be created in, or belongs to.
    type
        Destination type, such as ``postgres``; left out where `destination` is given.
    destination
        The destination to change, or its id. The form begins with what Stitch tells of it, and sends what was changed.
    name, description
        Texts to begin with. They are given at creation only: Stitch changes a destination's properties alone.
    values
        Properties to begin with, by name.
    ignore_unmapped_sources
        False lets the rows of every source that has no destination yet land in the new one.
    overrides
        How some properties are shown otherwise; see `ConnectionForm`.

    Attributes
    ----------
    destination
        The destination that was created or is changed, as Stitch last answered; None until it is there. It can be
        observed: ``form.observe(callback, names="destination")``.

    Raises
    ------
    InvalidInputError
        When there is no such destination type or destination, or something else than a client was given.
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
            raise InvalidInputError("Give either the type of a new destination, or the destination to change.")
        self._client = client
        self._asked_type = type
        self._ignores_unmapped_sources = ignore_unmapped_sources
        self._is_new = destination is None
        found: Destination | None = (
            client.destinations.get(destination) if isinstance(destination, int) else destination
        )
        card = client.destination_types.get(type) if type is not None else None
        super().__init__(card, values=values, connection=found, overrides=overrides)
        self.destination = found
        for beside, text in (("name", name), ("description", description)):
            if text is not None:
                if found is not None:
                    raise InvalidInputError(f"Stitch changes a destination's properties alone, not its {beside}.")
                self[beside].value = text

    @property
    def _action(self) -> str:
        return "Create destination" if self._connection is None else "Save changes"

    @property
    def _what(self) -> str:
        return "The destination" if self._connection is None else f"The change of destination {self._connection.id}"

    def _add_fields(self) -> None:
        super()._add_fields()
        if self._is_new:
            # A property of the same name could not be told apart from it.
            own = {n: TextField(n, words, owner=self) for n, words in _BESIDE.items() if n not in self._fields}
            self._fields = {**self._fields, **own}

    def submit(self) -> Destination:
        """Create the destination, or send what was changed.

        Returns
        -------
        Destination
            As Stitch answered; also kept as `destination`.

        Raises
        ------
        InvalidValuesError
            When something stands in the way: each field is named. Nothing was sent.
        InvalidInputError
            When nothing was changed. Nothing was sent.
        APIError
            When Stitch refused; what belongs to a field is also shown there.
        OutcomeUnknownError
            When the connection broke: look whether the destination is there before sending again.
        """
        destination: Destination = super().submit()
        return destination

    def _deliver(self) -> Destination:
        return self._create() if self._connection is None else self._update(self._connection.id)

    def _create(self) -> Destination:
        destination: Destination = self._client.destinations.create(
            str(self._asked_type),
            **self._texts(),
            properties=dict(self.values),
            ignore_unmapped_sources=self._ignores_unmapped_sources,
            validate=False,
        )
        called = f": {destination.name}" if destination.name else ""
        self._finish(f"Created destination {destination.id}{called}. Stitch now checks the connection.")
        self.destination = destination
        return destination

    def _update(self, destination_id: int) -> Destination:
        properties = dict(self.changes)
        if not properties:
            raise InvalidInputError("Nothing was changed, so nothing was sent.")
        destination: Destination = self._client.destinations.update(destination_id, properties=properties)
        self._saved(destination, list(properties))
        self.destination = destination
        return destination

    def _texts(self) -> dict[str, str]:
        fields = [self._fields[name] for name in _BESIDE if name in self._fields]
        return {field.name: field.value for field in fields if isinstance(field, TextField) and field.value}

    def _progress(self) -> ReportCard | None:
        return self.destination.report_card if self.destination is not None else super()._progress()

    def _summary(self) -> str:
        if self._connection is None and self.destination is not None:
            return f"created destination {self.destination.id}"
        return super()._summary()

    def as_python(self) -> str:
        """Write the form as a Python program; credentials come from environment variables: POSTGRES_PASSWORD."""
        properties = _snippets.open_values(self.type, self._sent_fields())
        if self._connection is not None:
            call, first = "client.destinations.update", self._connection.id
            return _snippets.as_python(call, {"properties": properties}, positional=[first], result="destination")
        flag = {"ignore_unmapped_sources": True} if self._ignores_unmapped_sources else {}
        arguments = {**self._texts(), "properties": properties, **flag}
        return _snippets.as_python(
            "client.destinations.create", arguments, positional=[self._asked_type], result="destination"
        )

    def _request(self) -> tuple[Request[Any], str] | None:
        base_url = getattr(self._client, "base_url", None)
        if base_url is None:
            return None
        properties = _snippets.open_values(self.type, self._sent_fields())
        if self._connection is not None:
            return requests.update_destination(self._connection.id, properties), base_url
        flag = {"ignore_unmapped_sources": True} if self._ignores_unmapped_sources else {}
        body = {"type": self._asked_type, **self._texts(), "properties": properties, **flag}
        return requests.create_destination(body), base_url
