"""Streams and fields: looked at and selected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stitchnb._deprecated import renamed_parameters
from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.catalog.catalog import MAX_CONCURRENCY, Catalog, open_catalog
from stitchnb.client.catalog.patterns import stream_called
from stitchnb.client.pages import RecordList
from stitchnb.errors import InvalidInputError, UnknownStreamError
from stitchnb.models import Field, Selection, Stream, StreamSchema
from stitchnb.rules.names import checked_id
from stitchnb.rules.selection.columns import FieldColumns
from stitchnb.rules.selection.validate import deselecting_error, selecting_error

if TYPE_CHECKING:
    from stitchnb.client.client import BaseClient


class Streams(Resource[Mode]):
    """The streams of the account's sources."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self, source_id: int) -> Steps[RecordList[Stream]]:
        """List a source's streams.

        Source: ``GET /v4/sources/{id}/streams``.
        """
        return (yield from send(self._client, requests.list_streams(checked_id(source_id, "source id"))))

    @endpoint_method
    def find(self, source_id: int, stream: str) -> Steps[Stream]:
        """Find one stream by its name or its tap's name for it.

        Raises
        ------
        UnknownStreamError
            When the source has no such stream; similar names are suggested.
        InvalidInputError
            When several have that name: say which by its ``tap_stream_id``.
        """
        return stream_called(stream, (yield from self.list.as_steps(source_id)))

    @endpoint_method
    def schema(self, source_id: int, stream: str) -> Steps[StreamSchema]:
        """Get a stream's schema and the metadata of its fields.

        Source: ``GET /v4/sources/{id}/streams/{stream_id}``.
        """
        found = yield from self.find.as_steps(source_id, stream)
        return (yield from send(self._client, requests.get_stream(source_id, found.stream_id)))

    @endpoint_method
    def fields(self, source_id: int, stream: str) -> Steps[RecordList[Field]]:
        """Get a stream's fields.

        ``.to_frame()`` gives one row per field in the schema's order with the columns ``field``, ``type``,
        ``inclusion`` (string), ``replicated`` (bool: does it land) and ``reason`` (string, in words).
        """
        schema = yield from self.schema.as_steps(source_id, stream)
        return RecordList(Field, schema.fields)

    @endpoint_method
    @renamed_parameters(at_most="max_concurrency", progress="show_progress")
    def catalog(
        self,
        source_id: int,
        *,
        load: bool = True,
        max_concurrency: int = MAX_CONCURRENCY,
        show_progress: bool | None = None,
        source_type: str | None = None,
    ) -> Steps[Catalog[Mode]]:
        """Load all streams and fields of a source, to see what is replicated and why, and to select.

        Parameters
        ----------
        load
            False asks for the list of streams only, in one request; `Catalog.load` then asks for fields.
        max_concurrency
            The most requests at the same time; one request per stream.
        show_progress
            True to show progress, False to hide it; None shows it for many streams in an interactive session.
        source_type
            The source's type, where one knows it: `Catalog.read_selection` then refuses what was written of another.

        Returns
        -------
        Catalog
            ``.to_frame()`` gives one row per field; ``.select(…)``, ``.changes()``, ``.apply()``;
            ``.diff(earlier)`` tells what became different.
        """
        return (
            yield from open_catalog(
                self._client,
                source_id,
                load=load,
                max_concurrency=max_concurrency,
                show_progress=show_progress,
                source_type=source_type,
            )
        )

    @endpoint_method
    def select(self, source_id: int, stream: str, fields: Iterable[str] = ()) -> Steps[None]:
        """Select a stream and some of its fields, in one request; automatic fields are always included.

        Parameters
        ----------
        stream
            Its name.
        fields
            Names of fields to select as well; those selected before stay selected.

        Raises
        ------
        UnknownStreamError
            When there is no such stream or field; similar names are suggested. Nothing was sent.
        InvalidInputError
            When a field is unsupported. Nothing was sent.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        yield from self._write(source_id, stream, fields, selected=True, and_stream=True)

    @endpoint_method
    def deselect(self, source_id: int, stream: str, fields: Iterable[str] | None = None) -> Steps[None]:
        """Deselect some fields of a stream, or with None the stream itself.

        Raises
        ------
        UnknownStreamError
            When there is no such stream or field; similar names are suggested. Nothing was sent.
        InvalidInputError
            When a field is automatic: it lands with its stream. Nothing was sent.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        yield from self._write(source_id, stream, fields or (), selected=False, and_stream=fields is None)

    @endpoint_method
    def update(self, source_id: int, selections: Iterable[Selection]) -> Steps[None]:
        """Write metadata of many streams and fields in one request, just as it is given.

        Parameters
        ----------
        selections
            One for each stream, such as
            ``Selection.of("accounts", {(): {"selected": True}, ("properties", "email"): {"selected": True}})``.

        Raises
        ------
        BadRequestError
            When Stitch refuses any of it: an unknown stream, a key that cannot be written, an unsupported field.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        given = tuple(selections)
        if not all(isinstance(one, Selection) for one in given):
            raise InvalidInputError("update expects selections. Pass Selection.of(…) for each stream.")
        if not given:
            raise InvalidInputError("There is nothing to change. Pass at least one selection.")
        yield from send(self._client, requests.select_streams(checked_id(source_id, "source id"), given))

    def _write(
        self, source_id: int, stream: str, fields: Iterable[str], *, selected: bool, and_stream: bool
    ) -> Steps[None]:
        if isinstance(fields, str):
            raise InvalidInputError(f"fields expects a list of names. Pass [{fields!r}].")
        wanted = tuple(fields)
        found = yield from self.find.as_steps(source_id, stream)
        entries: dict[tuple[str, ...], dict[str, bool]] = {(): {"selected": selected}} if and_stream else {}
        if wanted:
            columns = FieldColumns((yield from send(self._client, requests.get_stream(source_id, found.stream_id))))
            known = {b[1]: position for position, b in enumerate(columns.breadcrumbs) if len(b) == 2}
            for name in wanted:
                if name not in known:
                    raise UnknownStreamError(
                        name, known, hint=f"client.streams.fields({source_id}, {stream!r}) lists all."
                    )
                if selected:
                    refusal = selecting_error(columns, known[name])
                else:
                    refusal = deselecting_error(columns, known[name], found.metadata.key_roles.get(name, ()))
                if refusal is not None:
                    raise InvalidInputError(f"{stream}.{name}: {refusal}")
                entries[columns.breadcrumbs[known[name]]] = {"selected": selected}
        if not entries:
            raise InvalidInputError("There is nothing to change. Pass names of fields.")
        yield from send(self._client, requests.select_streams(source_id, [Selection.of(found.tap_stream_id, entries)]))
