"""Streams and fields: looked at and selected."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client.records import Records
from stitchnb.errors import InvalidInputError, UnknownStreamError
from stitchnb.models import Field, Selection, Stream, StreamSchema

if TYPE_CHECKING:
    from stitchnb.client.client import Client


class Streams:
    """The streams of the account's sources."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, source_id: int) -> Records[Stream]:
        """Ask for a source's streams.

        Source: ``GET /v4/sources/{id}/streams``.
        """
        found = self._client.send(requests.list_streams(source_id))
        return Records(Stream, found)

    def find(self, source_id: int, stream: str) -> Stream:
        """Find one stream by its name or its tap's name for it.

        Raises
        ------
        UnknownStreamError
            When the source has no such stream; near ones are offered.
        """
        streams = self.list(source_id)
        for found in streams:
            if stream in (found.tap_stream_id, found.stream_name):
                return found
        raise UnknownStreamError(stream, [s.stream_name for s in streams])

    def schema(self, source_id: int, stream: str) -> StreamSchema:
        """Ask for a stream's schema and the metadata of its fields.

        Source: ``GET /v4/sources/{id}/streams/{stream_id}``.
        """
        return self._client.send(requests.get_stream(source_id, self.find(source_id, stream).stream_id))

    def fields(self, source_id: int, stream: str) -> Records[Field]:
        """Ask for a stream's fields.

        ``.to_frame()`` gives one row per field in the schema's order with the columns ``field``, ``type``,
        ``inclusion`` (string), ``replicated`` (bool: does it land) and ``reason`` (string, in words).
        """
        schema = self.schema(source_id, stream)
        return Records(Field, schema.fields)

    def select(self, source_id: int, stream: str, fields: Iterable[str] = ()) -> None:
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
        self._write(source_id, stream, fields, selected=True, and_stream=True)

    def deselect(self, source_id: int, stream: str, fields: Iterable[str] | None = None) -> None:
        """Deselect some fields of a stream, or with None the stream itself.

        Source: ``PUT /v4/sources/{id}/streams/metadata``.
        """
        self._write(source_id, stream, fields or (), selected=False, and_stream=fields is None)

    def _write(self, source_id: int, stream: str, fields: Iterable[str], *, selected: bool, and_stream: bool) -> None:
        if isinstance(fields, str):
            raise InvalidInputError(f"fields takes a list of names: give [{fields!r}].")
        wanted = list(fields)
        found = self.find(source_id, stream)
        entries: dict[tuple[str, ...], dict[str, bool]] = {(): {"selected": selected}} if and_stream else {}
        if wanted:
            known = {f.name: f for f in self._client.send(requests.get_stream(source_id, found.stream_id)).fields}
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
        self._client.send(requests.select_streams(source_id, [Selection.of(found.tap_stream_id, entries)]))
