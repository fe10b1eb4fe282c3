"""Sources: created, looked at, selected from, run and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb.client import requests
from stitchnb.client.connection_checks import ConnectionCheck
from stitchnb.client.jobs import Job
from stitchnb.client.records import Records
from stitchnb.errors import InvalidInputError, InvalidValuesError
from stitchnb.models import format_time
from stitchnb.rules import names
from stitchnb.rules import properties as property_rules

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import Client


class Source(models.Source):
    """One source, with what one may do with it.

    It shows what Stitch last told; `refresh` asks again. Everything that changes it gives back the source as it then
    is.
    """

    _client: Client

    @classmethod
    def bound(cls, client: Client, source: models.Source) -> Self:
        """Tie a source to the client that it came from."""
        live = cls(source._wire)
        live.__dict__["_client"] = client
        return live

    def refresh(self) -> Source:
        """Ask for it again."""
        return self._client.sources.get(self.id)

    def check(self) -> ConnectionCheck:
        """Ask for its last connection check; `ConnectionCheck.wait` waits for it to end."""
        return self._client.connection_checks.last(self.id)

    def streams(self) -> Records[models.Stream]:
        """Ask for its streams."""
        return self._client.streams.list(self.id)

    def fields(self, stream: str) -> Records[models.Field]:
        """Ask for the fields of one stream, given by name."""
        return self._client.streams.fields(self.id, stream)

    def select(self, stream: str, fields: Iterable[str] = ()) -> Source:
        """Select a stream and some of its fields; automatic fields come by themselves. See `Streams.select`."""
        self._client.streams.select(self.id, stream, fields)
        return self.refresh()

    def deselect(self, stream: str, fields: Iterable[str] | None = None) -> Source:
        """Deselect some fields of a stream, or with None the stream itself."""
        self._client.streams.deselect(self.id, stream, fields)
        return self.refresh()

    def update(self, *, display_name: str | None = None, properties: Mapping[str, Any] | None = None) -> Source:
        """Change its display name or some of its properties. See `Sources.update`."""
        return self._client.sources.update(self.id, display_name=display_name, properties=properties)

    def start_job(self) -> Job:
        """Start a replication job now, whatever the schedule says.

        Raises
        ------
        AlreadyRunningError
            When one is under way: wait for it, or `stop_job`.
        """
        return self._client.jobs.start(self.id)

    def stop_job(self) -> None:
        """Stop the job that is under way; rows that have landed stay."""
        self._client.jobs.stop(self.id)

    def pause(self) -> Source:
        """Let its schedule rest; jobs can still be started by hand."""
        return self._client.sources.pause(self.id)

    def resume(self) -> Source:
        """Let its schedule run again."""
        return self._client.sources.resume(self.id)

    def delete(self) -> Source:
        """Delete it for good; its rows in the destination stay."""
        return self._client.sources.delete(self.id)


class Sources:
    """The sources of the account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Records[Source]:
        """Ask for every source: active, paused and deleted.

        Source: ``GET /v4/sources``.
        """
        found = self._client.send(requests.list_sources())
        return Records(models.Source, [Source.bound(self._client, s) for s in found])

    def to_frame(self) -> pd.DataFrame:
        """Show every source as a DataFrame.

        Returns
        -------
        DataFrame
            One row per source, in the order of the API. Columns: ``id`` (int64), ``name``, ``display_name``, ``type``,
            ``state`` (string), ``next_fire_time``, ``created_at``, ``updated_at`` (datetime64, UTC, may be missing).
            No source gives the same columns and no row.
        """
        return self.list().to_frame()

    def get(self, source_id: int) -> Source:
        """Ask for one source.

        Raises
        ------
        NotFoundError
            When the account has no such source; `list` shows those that it has.

        Source: ``GET /v4/sources/{id}``.
        """
        return Source.bound(self._client, self._client.send(requests.get_source(_id(source_id))))

    def create(
        self, type: str, *, display_name: str, properties: Mapping[str, Any] | None = None, validate: bool = True
    ) -> Source:
        """Create a source; where its form is complete Stitch checks the connection by itself.

        Parameters
        ----------
        type
            Source type, such as ``platform.recurly``.
        display_name
            What people see. Lower-cased and cleaned it becomes the schema in the destination, for good.
        properties
            Values by property name, as strings: ``{"quota_limit": "30"}``.
        validate
            Hold everything against the type's report card first, so that nothing is sent that cannot be right.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; near ones are offered.
        InvalidValuesError
            When values are missing or wrong: each is named. Nothing was sent.
        APIError
            When Stitch refuses: `NameTakenError`, `InvalidPropertiesError`, `AccessDeniedError` …
        OutcomeUnknownError
            When the connection broke: look at `list` before creating it again.

        Source: ``POST /v4/sources``.
        """
        given = dict(properties or {})
        if validate:
            self._refuse_what_cannot_be_right(type, display_name, given)
        return Source.bound(self._client, self._client.send(requests.create_source(type, display_name, given)))

    def update(
        self, source_id: int, *, display_name: str | None = None, properties: Mapping[str, Any] | None = None
    ) -> Source:
        """Change a source's display name, or some of its properties; the others stay.

        New connection properties are checked again. The destination's schema never changes.

        Raises
        ------
        InvalidValuesError
            When a value is wrong. Nothing was sent.

        Source: ``PUT /v4/sources/{id}``.
        """
        changes: dict[str, Any] = {}
        if display_name is not None:
            changes["display_name"] = display_name
        if properties is not None:
            card = self.get(source_id).report_card
            errors = property_rules.properties_errors(card, properties, partial=True)
            if errors:
                raise InvalidValuesError(errors, what=f"The change of source {source_id}")
            changes["properties"] = dict(properties)
        if not changes:
            raise InvalidInputError("There is nothing to change: give display_name or properties.")
        return self._put(source_id, changes)

    def pause(self, source_id: int) -> Source:
        """Let a source's schedule rest.

        Source: ``PUT /v4/sources/{id}``.
        """
        return self._put(source_id, {"paused_at": format_time(datetime.now(UTC))})

    def resume(self, source_id: int) -> Source:
        """Let a paused source's schedule run again.

        Source: ``PUT /v4/sources/{id}``.
        """
        return self._put(source_id, {"paused_at": None})

    def delete(self, source_id: int) -> Source:
        """Delete a source for good; it stays in the list, its rows stay in the destination.

        Source: ``DELETE /v4/sources/{id}``.
        """
        return Source.bound(self._client, self._client.send(requests.delete_source(_id(source_id))))

    def _put(self, source_id: int, changes: Mapping[str, Any]) -> Source:
        return Source.bound(self._client, self._client.send(requests.update_source(_id(source_id), changes)))

    def _refuse_what_cannot_be_right(self, type: str, display_name: str, given: Mapping[str, Any]) -> None:
        card = self._client.source_types.get(type)
        if card.details.access is False:
            instead = f" Its successor is {card.upgrade_available}." if card.upgrade_available else ""
            raise InvalidInputError(f"This account may not use source type {type!r} (access is false).{instead}")
        errors: dict[str, str] = {}
        name_error = names.display_name_error(display_name)
        if name_error:
            errors["display_name"] = name_error
        errors |= property_rules.properties_errors(card, given)
        if errors:
            raise InvalidValuesError(errors, what=f"{display_name or type}")


def _id(source_id: int) -> int:
    if isinstance(source_id, bool) or not isinstance(source_id, int):
        raise InvalidInputError(f"{source_id!r} is no source id: give the number in the source's id.")
    return source_id
