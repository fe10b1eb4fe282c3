"""Sources: created, looked at, selected from, run and deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from stitchnb import models
from stitchnb._deprecated import renamed_parameters
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.catalog.catalog import MAX_CONCURRENCY, Catalog
from stitchnb.client.error_parsing import with_hint
from stitchnb.client.jobs.jobs import Job
from stitchnb.client.pages import RecordList
from stitchnb.client.resources.checks import ConnectionCheck
from stitchnb.errors import InvalidInputError, InvalidValuesError, NameTakenError
from stitchnb.models import format_time
from stitchnb.rules import names
from stitchnb.rules.names import checked_id
from stitchnb.rules.report_cards import properties as property_rules
from stitchnb.rules.report_cards.products import access_error

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class Source(models.Source, Resource[Mode]):
    """One source, with methods to work with it.

    Given by `client.sources.create`, `client.sources.get` and `client.sources.list`.

    It holds the last known state; `refresh` fetches it again. Every change returns the source in its new state. With
    an `AsyncClient`, await every method.
    """

    @classmethod
    def from_response(cls, client: BaseClient[Mode], wire: Mapping[str, Any], parameters: Mapping[str, Any]) -> Self:
        """Create it from a response, with the client that it came from; for stitchnb itself to use."""
        result = cls(wire)
        result.__dict__["_client"] = client
        client.learn_client_id(result.stitch_client_id)
        return result

    @endpoint_method
    def refresh(self) -> Steps[Source[Mode]]:
        """Fetch it again."""
        return (yield from self._client.sources.get.as_steps(self.id))

    @endpoint_method
    def check(self) -> Steps[ConnectionCheck[Mode]]:
        """Fetch its last connection check; `ConnectionCheck.wait` waits for it to finish."""
        return (yield from self._client.connection_checks.last.as_steps(self.id))

    @endpoint_method
    def streams(self) -> Steps[RecordList[models.Stream]]:
        """List its streams.

        ``.to_frame()`` gives one row per stream: ``stream_id`` (int64), ``stream`` (string), ``selected`` (boolean),
        ``primary_key``, ``replication_method``, ``replication_key`` (string, may be missing).
        """
        return (yield from self._client.streams.list.as_steps(self.id))

    @endpoint_method
    def fields(self, stream: str) -> Steps[RecordList[models.Field]]:
        """List the fields of one stream, by its name. See `Streams.fields`."""
        return (yield from self._client.streams.fields.as_steps(self.id, stream))

    @endpoint_method
    @renamed_parameters(at_most="max_concurrency", progress="show_progress")
    def catalog(
        self, *, load: bool = True, max_concurrency: int = MAX_CONCURRENCY, show_progress: bool | None = None
    ) -> Steps[Catalog[Mode]]:
        """Load all its streams and fields, to see what is replicated and why, and to select. See `Streams.catalog`."""
        return (
            yield from self._client.streams.catalog.as_steps(
                self.id, load=load, max_concurrency=max_concurrency, show_progress=show_progress, source_type=self.type
            )
        )

    @endpoint_method
    def select(self, stream: str, fields: Iterable[str] = ()) -> Steps[Source[Mode]]:
        """Select a stream and some of its fields; automatic fields are always included. See `Streams.select`."""
        yield from self._client.streams.select.as_steps(self.id, stream, fields)
        return (yield from self.refresh.as_steps())

    @endpoint_method
    def deselect(self, stream: str, fields: Iterable[str] | None = None) -> Steps[Source[Mode]]:
        """Deselect some fields of a stream, or with None the stream itself."""
        yield from self._client.streams.deselect.as_steps(self.id, stream, fields)
        return (yield from self.refresh.as_steps())

    @endpoint_method
    def update(
        self,
        *,
        display_name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        destination_id: int | None = None,
    ) -> Steps[Source[Mode]]:
        """Change its display name, its destination or some of its properties. See `Sources.update`."""
        return (
            yield from self._client.sources.update.as_steps(
                self.id, display_name=display_name, properties=properties, destination_id=destination_id
            )
        )

    @endpoint_method
    def start_job(self) -> Steps[Job[Mode]]:
        """Start a replication job now, regardless of the schedule.

        Raises
        ------
        AlreadyRunningError
            If one is running: wait for it, or call `stop_job`.
        """
        return (yield from self._client.jobs.start.as_steps(self.id))

    @endpoint_method
    def stop_job(self) -> Steps[None]:
        """Stop the running job; loaded rows stay."""
        yield from self._client.jobs.stop.as_steps(self.id)

    @endpoint_method
    def extractions(self) -> Steps[RecordList[models.Extraction]]:
        """Get its last completed extraction: none or one. See `Extractions.list` for the frame."""
        found = yield from self._client.extractions.list.as_steps(self.stitch_client_id)
        return RecordList(models.Extraction, [one for one in found if one.source_id == self.id])

    @endpoint_method
    def loads(self) -> Steps[RecordList[models.Load]]:
        """Get the last load of each of its streams. See `Loads.list` for the frame."""
        found = yield from self._client.loads.list.as_steps(self.stitch_client_id)
        return RecordList(models.Load, [one for one in found if one.source_name == self.name])

    @endpoint_method
    def pause(self) -> Steps[Source[Mode]]:
        """Pause its schedule; jobs can still be started manually."""
        return (yield from self._client.sources.pause.as_steps(self.id))

    @endpoint_method
    def resume(self) -> Steps[Source[Mode]]:
        """Resume its schedule."""
        return (yield from self._client.sources.resume.as_steps(self.id))

    @endpoint_method
    def delete(self) -> Steps[Source[Mode]]:
        """Delete it permanently; its rows in the destination stay."""
        return (yield from self._client.sources.delete.as_steps(self.id))


class Sources(Resource[Mode]):
    """The sources of the account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self) -> Steps[RecordList[Source[Mode]]]:
        """List every source: active, paused and deleted.

        Source: ``GET /v4/sources``.
        """
        return (yield from send(self._client, requests.list_sources()))

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every source as a DataFrame.

        Returns
        -------
        DataFrame
            One row per source, in the order of the API. Columns: ``id`` (int64), ``name``, ``display_name``, ``type``,
            ``state`` (string), ``next_fire_time``, ``created_at``, ``updated_at`` (datetime64, UTC, may be missing).
            No source gives the same columns and no row.
        """
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def get(self, source_id: int) -> Steps[Source[Mode]]:
        """Get one source.

        Raises
        ------
        NotFoundError
            When the account has no such source; `list` shows those that it has.

        Source: ``GET /v4/sources/{id}``.
        """
        return (yield from send(self._client, requests.get_source(checked_id(source_id, "source id"))))

    @endpoint_method
    def create(
        self,
        type: str,
        *,
        display_name: str,
        properties: Mapping[str, Any] | None = None,
        destination_id: int | None = None,
        validate: bool = True,
    ) -> Steps[Source[Mode]]:
        """Create a source; if its form is complete, Stitch checks the connection automatically.

        Parameters
        ----------
        type
            Source type, such as ``platform.recurly``.
        display_name
            Shown to people. Normalized to lower case, it becomes the schema in the destination permanently.
        properties
            Values by property name, as strings: ``{"quota_limit": "30"}``.
        destination_id
            Where its rows are loaded; None uses the account's default.
        validate
            Validate everything against the type's report card before sending.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; similar names are suggested.
        InvalidValuesError
            If values are missing or invalid; each is listed. Nothing was sent.
        APIError
            When Stitch refuses: `NameTakenError`, `InvalidPropertiesError`, `AccessDeniedError` …
        OutcomeUnknownError
            If the connection broke: check `list` before creating it again.

        Source: ``POST /v4/sources``.
        """
        given = dict(properties or {})
        if destination_id is not None:
            destination_id = checked_id(destination_id, "destination id")
        if validate:
            yield from self._refuse_what_cannot_be_right(type, display_name, given)
        try:
            return (yield from send(self._client, requests.create_source(type, display_name, given, destination_id)))
        except NameTakenError as error:
            hint = yield from self._who_has(display_name)
            if hint is None:
                raise
            raise with_hint(error, hint) from error

    def _who_has(self, display_name: str) -> Steps[str | None]:
        """Say which source has a name that is taken, as one may go on with that one; None where none is found."""
        wanted = names.derive_name(display_name)
        for found in (yield from send(self._client, requests.list_sources())):
            if found.deleted_at is None and (found.display_name == display_name or found.name == wanted):
                there = f"client.sources.get({found.id})"
                return f"Choose another display name, or use the source that has this one: {there}."
        return None

    @endpoint_method
    def update(
        self,
        source_id: int,
        *,
        display_name: str | None = None,
        properties: Mapping[str, Any] | None = None,
        destination_id: int | None = None,
    ) -> Steps[Source[Mode]]:
        """Change a source's display name, its destination, or some of its properties; the others stay.

        New connection properties are checked again. The destination's schema never changes.

        Raises
        ------
        InvalidValuesError
            When a value or the display name is wrong. Nothing was sent.

        Source: ``PUT /v4/sources/{id}``.
        """
        changes: dict[str, Any] = {}
        if display_name is not None:
            if not isinstance(display_name, str) or not display_name.strip():
                told = f"{display_name!r} is not a valid display name. Pass text, such as Recurly."
                raise InvalidValuesError({"display_name": told}, what=f"The change of source {source_id}")
            changes["display_name"] = display_name
        if properties is not None:
            card = (yield from self.get.as_steps(source_id)).report_card
            errors = property_rules.properties_errors(card, properties, partial=True)
            if errors:
                raise InvalidValuesError(errors, what=f"The change of source {source_id}")
            changes["properties"] = dict(properties)
        if destination_id is not None:
            changes["destination_id"] = checked_id(destination_id, "destination id")
        if not changes:
            raise InvalidInputError("There is nothing to change. Pass display_name, properties or destination_id.")
        return (yield from self._put(source_id, changes))

    @endpoint_method
    def pause(self, source_id: int) -> Steps[Source[Mode]]:
        """Pause a source's schedule.

        Source: ``PUT /v4/sources/{id}``.
        """
        return (yield from self._put(source_id, {"paused_at": format_time(self._client.now())}))

    @endpoint_method
    def resume(self, source_id: int) -> Steps[Source[Mode]]:
        """Resume a paused source's schedule.

        Source: ``PUT /v4/sources/{id}``.
        """
        return (yield from self._put(source_id, {"paused_at": None}))

    @endpoint_method
    def delete(self, source_id: int) -> Steps[Source[Mode]]:
        """Delete a source permanently; it stays in the list, and its rows stay in the destination.

        Source: ``DELETE /v4/sources/{id}``.
        """
        return (yield from send(self._client, requests.delete_source(checked_id(source_id, "source id"))))

    def _put(self, source_id: int, changes: Mapping[str, Any]) -> Steps[Source[Mode]]:
        return (yield from send(self._client, requests.update_source(checked_id(source_id, "source id"), changes)))

    def _refuse_what_cannot_be_right(self, type: str, display_name: str, given: Mapping[str, Any]) -> Steps[None]:
        card = yield from self._client.source_types.get.as_steps(type)
        no_access = access_error(card)
        if no_access:
            raise InvalidInputError(no_access)
        errors: dict[str, str] = {}
        name_error = names.display_name_error(display_name)
        if name_error:
            errors["display_name"] = name_error
        errors |= property_rules.properties_errors(card, given)
        if errors:
            raise InvalidValuesError(errors, what=f"{display_name or type}")
