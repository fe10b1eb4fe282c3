"""The connector that reads a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.connectors.csv_records import CsvRecords, parts_of, read_ahead
from stitchnb.sandbox.connectors.postgres.catalog import Table, tables_of
from stitchnb.sandbox.connectors.postgres.queries import readings_of
from stitchnb.sandbox.connectors.postgres.session import cancel, connected, named
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, DiscoveredStream, SelectedStream
from stitchnb.sandbox.workers.folders import temporary_folder

if TYPE_CHECKING:
    import psycopg


class Postgres:
    """A `Connector` for source types that speak PostgreSQL, by the values of their form.

    It reads ``host``, ``port``, ``user``, ``password`` and ``dbname``; ``ssl`` (``"true"`` insists on TLS);
    ``filter_dbs`` (further databases of the server, with commas between them, that are discovered as well);
    ``include_schemas_in_destination_stream_name``; ``itersize`` (rows of a batch at most); ``incremental_limit``
    (rows of a stream that one incremental job reads at most) and ``socket_timeout`` (seconds). A tunnel over SSH is
    not opened.

    Each job reads every stream of a database as it was at one moment. ``FULL_TABLE`` reads the whole table;
    ``INCREMENTAL`` reads from the bookmark on, inclusive, ordered by the replication key, and the first time the rows
    without a key as well.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, connectors
    >>> with Sandbox() as sandbox:
    ...     sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    """

    def __repr__(self) -> str:
        return "Postgres()"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Connect to every database that is to be read; gives up by itself after ten seconds.

        Raises
        ------
        ConnectorError
            With the server's own words.
        """
        _refuse_tunnel(properties)
        for database in _databases(properties):
            with connected(properties, database):
                pass

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """List the tables and views that the user may read, by database, schema and name."""
        _refuse_tunnel(properties)
        with_schema = _is_true(properties.get("include_schemas_in_destination_stream_name"))
        found: list[DiscoveredStream] = []
        for database in _databases(properties):
            with connected(properties, database) as connection:
                found += [table.discovered(with_schema=with_schema) for table in tables_of(connection).values()]
        return found

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Give each stream's rows in files of CSV, so that what is held does not grow with them.

        Raises
        ------
        ConnectorError
            The server refused or was lost, a table or key is gone, or a stream asks for ``LOG_BASED``.
        """
        extraction = _Extraction(properties, state, now, context or Context())
        waiting = list(streams)
        for database in _databases(properties):
            # A database's name may be the beginning of another's.
            with connected(properties, database) as connection:
                tables = tables_of(connection)
                of_it = [s for s in waiting if s.tap_stream_id in tables]
                waiting = [s for s in waiting if s.tap_stream_id not in tables]
                yield from extraction.batches(connection, [(s, tables[s.tap_stream_id]) for s in of_it])
        for stream in waiting:
            readings_of(stream, None, {}, None)


@dataclass(frozen=True)
class _Extraction:
    """What every stream of one job is read with."""

    properties: Mapping[str, Any]
    state: Mapping[str, Mapping[str, Any]]
    now: datetime
    context: Context

    def batches(
        self, connection: psycopg.Connection[Any], streams: Sequence[tuple[SelectedStream, Table]]
    ) -> Iterator[Batch]:
        """Give the batches of the streams of one database."""
        break_off = partial(cancel, connection)
        with ExitStack() as stack:
            stack.enter_context(self.context.stop.calling(break_off))
            folder = stack.enter_context(temporary_folder("postgres"))
            for batch in read_ahead(self._read(connection, streams, folder), break_off):
                yield batch
                if isinstance(batch.records, CsvRecords):
                    batch.records.path.unlink()

    def _read(
        self, connection: psycopg.Connection[Any], streams: Sequence[tuple[SelectedStream, Table]], folder: Path
    ) -> Generator[Batch, None, None]:
        limit, most_rows = (_number(self.properties.get(name)) for name in ("incremental_limit", "itersize"))
        for number, (stream, table) in enumerate(streams):
            place = folder / str(number)
            place.mkdir()
            readings = readings_of(stream, table, self.state.get(stream.tap_stream_id, {}), limit)
            is_empty = True
            with named(stream.tap_stream_id, self.properties):
                for reading in readings:
                    with connection.cursor() as cursor, cursor.copy(reading.query) as rows:
                        for records in parts_of(rows, reading.columns, place, most_rows=most_rows):
                            is_empty = False
                            yield self._batch(stream, records, reading.key)
            if is_empty and stream.replication_method == "FULL_TABLE":
                # The table is to be replaced even so.
                yield Batch(stream, (), self.now)

    def _batch(self, stream: SelectedStream, records: CsvRecords, key: str | None) -> Batch:
        bookmark = {} if key is None else {key: records.last[key]}
        return Batch(stream=stream, records=records, time_extracted=self.now, bookmark=bookmark)


def _databases(properties: Mapping[str, Any]) -> list[str]:
    """Name the databases to read, the form's first."""
    further = str(properties.get("filter_dbs") or "").split(",")
    return list(dict.fromkeys([str(properties.get("dbname")), *filter(None, map(str.strip, further))]))


def _refuse_tunnel(properties: Mapping[str, Any]) -> None:
    if _is_true(properties.get("ssh")):
        raise ConnectorError(
            "the sandbox opens no tunnel over SSH: forward a port to the server yourself, give its host and port, and "
            'set ssh to "false"'
        )


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _number(value: object) -> int | None:
    """Read an optional number out of the form; 0 stands for no limit."""
    return int(str(value)) or None if str(value or "").isdecimal() else None
