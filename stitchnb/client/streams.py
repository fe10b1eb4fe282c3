"""Streams and fields: looked at and selected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client.operations import Mode, Operation, Resource, ask, operation
from stitchnb.client.records import Records
from stitchnb.errors import InvalidInputError, UnknownStreamError
from stitchnb.models import Field, Selection, Stream, StreamSchema

if TYPE_CHECKING:
    from stitchnb.client.client import BaseClient


class Streams(Resource[Mode]):
    """The streams of the account's sources."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def list(self, source_id: int) -> Operation[Records[Stream]]:
        """Ask for a source's streams.

        Source: ``GET /v4/sources/{id}/streams``.
        """
        return Records(Stream, (yield from ask(requests.list_streams(source_id))))

    @operation
    def find(self, source_id: int, stream: str) -> Operation[Stream]:
        """Find one stream by its name or its tap's name for it.

        Raises
        ------
        UnknownStreamError
            When the source has no such stream; near ones are offered.
        """
        streams = yield from self.list.steps(source_id)
        for found in streams:
            if stream in (found.tap_stream_id, found.stream_name):
                return found
        raise UnknownStreamError(stream, [s.stream_name for s in streams])

    @operation
    def schema(self, source_id: int, stream: str) -> Operation[StreamSchema]:
        """Ask for a stream's schema and the metadata of its fields.

        Source: ``GET /v4/sources/{id}/streams/{stream_id}``.
        """
        found = yield from self.find.steps(source_id, stream)
        return (yield from ask(requests.get_stream(source_id, found.stream_id)))

    @operation
    def fields(self, source_id: int, stream: str) -> Operation[Records[Field]]:
        """Ask for a stream's fields.

        ``.to_frame()`` gives one row per field in the schema's order with the columns ``field``, ``type``,
        ``inclusion`` (string), ``replicated`` (bool: does it land) and ``reason`` (string, in words).
        """
        schema = yield from self.schema.steps(source_id, stream)
        return Records(Field, schema.fields)

    @operation
    def select(self, source_id: int, stream: str, fields: Iterable[str] = ()) -> Operation[None]:
        """Select a stream and some of its fields, in one request; automatic fields come by themselves.

        Parameters
        ----------
        stream
            Its name.
        fields
            Names of fields to select as well; those selected before stay selected.

        Raises
        ------
        UnknownStreamError
            When there is no such stream or field; near ones are offered. Nothing was sent.
        InvalidInputError
            When a field is unsupported. Nothing was sent.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        yield from self._write(source_id, stream, fields, selected=True, and_stream=True)

    @operation
    def deselect(self, source_id: int, stream: str, fields: Iterable[str] | None = None) -> Operation[None]:
        """Deselect some fields of a stream, or with None the stream itself.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        yield from self._write(source_id, stream, fields or (), selected=False, and_stream=fields is None)

    @operation
    def update(self, source_id: int, selections: Iterable[Selection]) -> Operation[None]:
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
        if not given:
            raise InvalidInputError("There is nothing to change: give at least one selection.")
        yield from ask(requests.select_streams(source_id, given))

    def _write(
        self, source_id: int, stream: str, fields: Iterable[str], *, selected: bool, and_stream: bool
    ) -> Operation[None]:
        if isinstance(fields, str):
            raise InvalidInputError(f"fields takes a list of names: give [{fields!r}].")
        wanted = tuple(fields)
        found = yield from self.find.steps(source_id, stream)
        entries: dict[tuple[str, ...], dict[str, bool]] = {(): {"selected": selected}} if and_stream else {}
        if wanted:
            schema = yield from ask(requests.get_stream(source_id, found.stream_id))
            known = {f.name: f for f in schema.fields}
            for name in wanted:
                if name not in known:
                    raise UnknownStreamError(
                        name, known, hint=f"client.streams.fields({source_id}, {stream!r}) lists all."
                    )
                metadata = known[name].metadata
                if selected and metadata.inclusion == "unsupported":
                    why = metadata.unsupported_description or "the source cannot deliver it"
                    raise InvalidInputError(f"Field {stream}.{name} cannot be selected: {why}")
                entries[known[name].breadcrumb] = {"selected": selected}
        if not entries:
            raise InvalidInputError("There is nothing to change: give names of fields.")
        yield from ask(requests.select_streams(source_id, [Selection.of(found.tap_stream_id, entries)]))
