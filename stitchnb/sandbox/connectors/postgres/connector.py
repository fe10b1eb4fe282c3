"""The connector that reads a real PostgreSQL database."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.connectors.csv_records import CsvColumn, CsvRecords, prefetch, write_parts
from stitchnb.sandbox.connectors.postgres.catalog import ColumnType, SourceTable, read_tables
from stitchnb.sandbox.connectors.postgres.session import cancel, connect, error_context
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context, DiscoveredStream, SelectedStream
from stitchnb.sandbox.workers.folders import temporary_folder

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

_BEFORE_CHRIST = re.compile(r"(?:-0*(\d+)|0000)(-.*)")


@dataclass(frozen=True, slots=True)
class CopyQuery:
    """One query of a stream.

    Attributes
    ----------
    sql
        A ``COPY`` statement that returns CSV.
    columns
        Its columns.
    key
        The field that orders the rows and sets the bookmark. None if there is no order.
    """

    sql: sql.Composed
    columns: tuple[CsvColumn, ...]
    key: str | None = None


def build_queries(
    stream: SelectedStream, table: SourceTable | None, bookmark: Mapping[str, Any], limit: int | None
) -> list[CopyQuery]:
    """Return the queries for a stream's rows.

    Columns that are no longer in the table, or whose type is not supported, are omitted.

    Parameters
    ----------
    table
        The table as it is now. None if it is gone.
    bookmark
        The bookmark of the last job.
    limit
        Most rows of an incremental job. None for all.

    Raises
    ------
    ConnectorError
        The table or a key column is gone, or the replication method is not possible.
    """
    if table is None:
        raise ConnectorError(
            f"{stream.tap_stream_id}: the table is no longer in the database. Run a new check, or deselect the stream."
        )
    if stream.replication_method == "LOG_BASED":
        raise ConnectorError(
            f"{stream.tap_stream_id}: the sandbox does not support LOG_BASED replication. Set the stream's "
            "replication-method to INCREMENTAL or FULL_TABLE."
        )
    for name in stream.key_properties:
        _require_column(stream, table, name, "primary key")
    from psycopg import sql

    names = [name for name in stream.schema.get("properties", {}) if name in table.columns]
    fields = {name: table.columns[name] for name in names if table.columns[name].kind is not None}
    columns = tuple(type_.column(name) for name, type_ in fields.items())

    def copy(condition: str = "", **values: sql.Composable) -> sql.Composed:
        query = "COPY (SELECT {values} FROM {table}" + condition + ") TO STDOUT (FORMAT csv)"
        selected = sql.SQL(", ").join(_value(name, type_) for name, type_ in fields.items())
        return sql.SQL(query).format(values=selected, table=sql.Identifier(table.schema, table.name), **values)

    if stream.replication_method == "FULL_TABLE":
        return [CopyQuery(copy(), columns)]
    key = stream.replication_key
    if key is None:
        raise ConnectorError(
            f"{stream.tap_stream_id}: {stream.replication_method} requires a replication key. Choose one."
        )
    type_ = _key_type(stream, table, key)
    column = sql.Identifier(key)
    order = " ORDER BY {key}" + (f" LIMIT {limit}" if limit else "")
    # After a bookmark of infinity, no row would ever be newer.
    may_be_infinite = type_.kind != "integer"
    finite = " AND isfinite({key})" if may_be_infinite else ""
    bookmarked = bookmark.get(key)
    if bookmarked is not None:
        start = sql.Literal(_to_postgres_time(str(bookmarked)))
        since = " WHERE {key} >= {start}::" + type_.name.replace("{", "{{").replace("}", "}}")
        return [CopyQuery(copy(since + finite + order, key=column, start=start), columns, key)]
    without_order = " WHERE {key} IS NULL" + (" OR NOT isfinite({key})" if may_be_infinite else "")
    return [
        CopyQuery(copy(without_order, key=column), columns),
        CopyQuery(copy(" WHERE {key} IS NOT NULL" + finite + order, key=column), columns, key),
    ]


def _key_type(stream: SelectedStream, table: SourceTable, key: str) -> ColumnType:
    _require_column(stream, table, key, "replication key")
    type_ = table.columns[key]
    if type_.kind not in ("integer", "timestamp"):
        raise ConnectorError(
            f"{stream.tap_stream_id}: the replication key {key} has type {type_.name}. Choose a key that is an "
            "integer, a date or a timestamp."
        )
    return type_


def _require_column(stream: SelectedStream, table: SourceTable, name: str, role: str) -> None:
    if name not in table.columns:
        raise ConnectorError(f"{stream.tap_stream_id}: the table no longer has its {role} {name}. Run a new check.")


def _value(name: str, type_: ColumnType) -> sql.Composable:
    from psycopg import sql

    column = sql.Identifier(name)
    # As text, the elements are written like other values, and JSON separates them unambiguously.
    return sql.SQL("array_to_json({}::text[])").format(column) if type_.is_array else column


def _to_postgres_time(bookmark: str) -> str:
    """Convert a bookmark to PostgreSQL's syntax, which has no year 0 and writes BC for earlier years."""
    match = _BEFORE_CHRIST.fullmatch(bookmark)
    return f"{int(match[1] or 0) + 1:04d}{match[2]} BC" if match else bookmark


class Postgres:
    """A `Connector` that reads a real PostgreSQL database, for source types with its connection settings.

    It reads ``host``, ``port``, ``user``, ``password``, ``dbname``, ``ssl`` (``"true"`` requires TLS), ``filter_dbs``
    (more databases of the server to discover, separated by commas), ``include_schemas_in_destination_stream_name``,
    ``itersize`` (most rows in a batch), ``incremental_limit`` (most rows of a stream in an incremental job) and
    ``socket_timeout`` (seconds). It does not open SSH tunnels.

    A job sees all streams of a database at one moment. ``FULL_TABLE`` reads the whole table. ``INCREMENTAL`` reads
    rows from the bookmark on, inclusive, in the order of the replication key. The first time, it also reads rows
    without a key.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, connectors
    >>> with Sandbox() as sandbox:
    ...     sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    """

    def __repr__(self) -> str:
        return "Postgres()"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Connect to each database, with a timeout of ten seconds.

        Raises
        ------
        ConnectorError
            With the server's message.
        """
        _reject_tunnel(properties)
        for database in _databases(properties):
            with connect(properties, database):
                pass

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """List the tables and views that the user can read, by database, schema and name."""
        _reject_tunnel(properties)
        with_schema = _is_true(properties.get("include_schemas_in_destination_stream_name"))
        found: list[DiscoveredStream] = []
        for database in _databases(properties):
            with connect(properties, database) as connection:
                found += [table.to_stream(with_schema=with_schema) for table in read_tables(connection).values()]
        return found

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Yield each stream's rows as CSV files of bounded size.

        Raises
        ------
        ConnectorError
            The server reported an error or was lost, a table or key is gone, or a stream uses ``LOG_BASED``.
        """
        extraction = _Extraction(properties, state, now, context or Context())
        remaining = list(streams)
        for database in _databases(properties):
            # A database's name can be the beginning of another's, so the ids are compared as a whole.
            with connect(properties, database) as connection:
                tables = read_tables(connection)
                present = [s for s in remaining if s.tap_stream_id in tables]
                remaining = [s for s in remaining if s.tap_stream_id not in tables]
                yield from extraction.batches(connection, [(s, tables[s.tap_stream_id]) for s in present])
        for stream in remaining:
            build_queries(stream, None, {}, None)


@dataclass(frozen=True)
class _Extraction:
    """What all streams of one job share."""

    properties: Mapping[str, Any]
    state: Mapping[str, Mapping[str, Any]]
    now: datetime
    context: Context

    def batches(
        self, connection: psycopg.Connection[Any], streams: Sequence[tuple[SelectedStream, SourceTable]]
    ) -> Iterator[Batch]:
        """Yield the batches of the streams of one database."""
        interrupt = partial(cancel, connection)
        with ExitStack() as stack:
            stack.enter_context(self.context.stop.on_set(interrupt))
            folder = stack.enter_context(temporary_folder("postgres"))
            for batch in prefetch(self._read(connection, streams, folder), interrupt):
                yield batch
                if isinstance(batch.records, CsvRecords):
                    batch.records.path.unlink()

    def _read(
        self, connection: psycopg.Connection[Any], streams: Sequence[tuple[SelectedStream, SourceTable]], folder: Path
    ) -> Generator[Batch, None, None]:
        limit, max_rows = (_number(self.properties.get(name)) for name in ("incremental_limit", "itersize"))
        for number, (stream, table) in enumerate(streams):
            place = folder / str(number)
            place.mkdir()
            queries = build_queries(stream, table, self.state.get(stream.tap_stream_id, {}), limit)
            is_empty = True
            with error_context(stream.tap_stream_id, self.properties):
                for query in queries:
                    with connection.cursor() as cursor, cursor.copy(query.sql) as rows:
                        for records in write_parts(rows, query.columns, place, max_rows=max_rows):
                            is_empty = False
                            yield self._batch(stream, records, query.key)
            if is_empty and stream.replication_method == "FULL_TABLE":
                # An empty batch replaces the table's rows.
                yield Batch(stream, (), self.now)

    def _batch(self, stream: SelectedStream, records: CsvRecords, key: str | None) -> Batch:
        bookmark = {} if key is None else {key: records.last[key]}
        return Batch(stream=stream, records=records, time_extracted=self.now, bookmark=bookmark)


def _databases(properties: Mapping[str, Any]) -> list[str]:
    """List the databases to read, the form's first."""
    further = str(properties.get("filter_dbs") or "").split(",")
    return list(dict.fromkeys([str(properties.get("dbname")), *filter(None, map(str.strip, further))]))


def _reject_tunnel(properties: Mapping[str, Any]) -> None:
    if _is_true(properties.get("ssh")):
        raise ConnectorError(
            "The sandbox does not open SSH tunnels. Forward a port to the server yourself, use its host and port, and "
            'set ssh to "false".'
        )


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"


def _number(value: object) -> int | None:
    """Read an optional number from the form. 0 means no limit."""
    return int(str(value)) or None if str(value or "").isdecimal() else None
