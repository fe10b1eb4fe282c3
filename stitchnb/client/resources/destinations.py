"""Destinations: where rows land."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.pages import RecordList
from stitchnb.client.resources.checks import ConnectionCheck
from stitchnb.errors import InvalidInputError, InvalidValuesError
from stitchnb.rules.names import checked_id
from stitchnb.rules.report_cards import properties as property_rules

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class Destination(models.Destination, Resource[Mode]):
    """One destination in its last known state, with methods to work with it.

    Given by `client.destinations.create`, `client.destinations.get` and `client.destinations.list`.
    """

    @classmethod
    def from_response(cls, client: BaseClient[Mode], wire: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Create it from a response, with the client that it came from; for stitchnb itself to use."""
        result = cls(wire)
        result.__dict__["_client"] = client
        client.learn_client_id(result.stitch_client_id)
        return result

    @endpoint_method
    def refresh(self) -> Steps[Destination[Mode]]:
        """Fetch it again."""
        return (yield from self._client.destinations.get.as_steps(self.id))

    @endpoint_method
    def check(self) -> Steps[ConnectionCheck[Mode]]:
        """Fetch its last connection check; `ConnectionCheck.wait` waits for it to finish."""
        return (yield from self._client.connection_checks.last.as_steps(destination_id=self.id))

    @endpoint_method
    def update(self, *, properties: Mapping[str, Any]) -> Steps[Destination[Mode]]:
        """Change some of its properties. See `Destinations.update`."""
        return (yield from self._client.destinations.update.as_steps(self.id, properties=properties))

    @endpoint_method
    def delete(self) -> Steps[None]:
        """Delete it; replication pauses until another destination exists."""
        yield from self._client.destinations.delete.as_steps(self.id)


class Destinations(Resource[Mode]):
    """The destinations of the account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self, *, source_id: int | None = None) -> Steps[RecordList[Destination[Mode]]]:
        """List every destination, or for those of one source.

        Raises
        ------
        NotFoundError
            When there is no such source.

        Source: ``GET /v4/destinations``.
        """
        of_source = None if source_id is None else checked_id(source_id, "source id")
        found = yield from send(self._client, requests.list_destinations(source_id=of_source))
        if of_source is not None and not found:
            # A source without a destination and one that is not there look alike: only the latter is an error.
            yield from send(self._client, requests.get_source(of_source))
        return found

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every destination as a DataFrame.

        Returns
        -------
        DataFrame
            One row per destination, in the order of the API. Columns: ``id`` (int64), ``type``, ``name`` (string),
            ``created_at`` (datetime64, UTC, may be missing). None gives the same columns and no row.
        """
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def get(self, destination_id: int) -> Steps[Destination[Mode]]:
        """Get one destination.

        Raises
        ------
        InvalidInputError
            When the account has no such destination; `list` shows those that it has.

        Source: ``GET /v4/destinations?destination_id=``.
        """
        checked_id(destination_id, "destination id")
        for found in (yield from send(self._client, requests.list_destinations(destination_id=destination_id))):
            if found.id == destination_id:
                return found
        raise InvalidInputError(f"There is no destination {destination_id}. client.destinations.list() shows all.")

    @endpoint_method
    def create(
        self,
        type: str,
        *,
        name: str | None = None,
        description: str | None = None,
        properties: Mapping[str, Any] | None = None,
        ignore_unmapped_sources: bool = False,
        validate: bool = True,
    ) -> Steps[Destination[Mode]]:
        """Create a destination; if its form is complete, Stitch checks the connection automatically.

        Parameters
        ----------
        type
            Destination type, such as ``postgres``.
        properties
            Values by property name, as strings.
        ignore_unmapped_sources
            False loads the rows of every source without a destination there.
        validate
            Validate the properties against the type's report card before sending.

        Raises
        ------
        InvalidInputError
            When there is no such type; similar names are suggested.
        InvalidValuesError
            If values are missing or invalid; each is listed. Nothing was sent.
        AccessDeniedError
            When the plan allows no further destination.
        OutcomeUnknownError
            If the connection broke: check `list` before creating it again.

        Source: ``POST /v4/destinations``.
        """
        given = dict(properties or {})
        if validate:
            card = yield from self._client.destination_types.get.as_steps(type)
            errors = property_rules.properties_errors(card, given)
            if errors:
                raise InvalidValuesError(errors, what=name or type)
        texts = {key: text for key, text in (("name", name), ("description", description)) if text is not None}
        flag = {"ignore_unmapped_sources": True} if ignore_unmapped_sources else {}
        body = {"type": type, **texts, "properties": given, **flag}
        return (yield from send(self._client, requests.create_destination(body)))

    @endpoint_method
    def update(self, destination_id: int, *, properties: Mapping[str, Any]) -> Steps[Destination[Mode]]:
        """Change some of a destination's properties; the others stay, and its type cannot change.

        Raises
        ------
        InvalidValuesError
            When a value is wrong. Nothing was sent.

        Source: ``PUT /v4/destinations/{id}``.
        """
        if not properties:
            raise InvalidInputError("There is nothing to change. Pass properties.")
        card = (yield from self.get.as_steps(destination_id)).report_card
        errors = property_rules.properties_errors(card, properties, partial=True)
        if errors:
            raise InvalidValuesError(errors, what=f"The change of destination {destination_id}")
        return (yield from send(self._client, requests.update_destination(destination_id, dict(properties))))

    @endpoint_method
    def delete(self, destination_id: int) -> Steps[None]:
        """Delete a destination; replication pauses until there is another one.

        Source: ``DELETE /v4/destinations/{id}``.
        """
        yield from send(self._client, requests.delete_destination(checked_id(destination_id, "destination id")))
