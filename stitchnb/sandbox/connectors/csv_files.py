"""The connector that reads a folder of CSV files, each as a stream."""

from __future__ import annotations

import contextlib
import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.sandbox.pipeline import (
    Batch,
    Breadcrumb,
    CancelToken,
    ConnectorError,
    Context,
    DiscoveredStream,
    JSONSchema,
    SelectedStream,
)
from stitchnb.sandbox.warehouses.naming import literal
from stitchnb.sandbox.workers.folders import temporary_folder

if TYPE_CHECKING:
    import duckdb

INTEGER, NUMBER, BOOLEAN, DATE_TIME, TEXT = "integer", "number", "boolean", "date-time", "text"

# Patterns that every value of a column must match for a type other than text. They exclude values that would change
# when written again, such as 00501, and values that are ambiguous.
SHAPES = {
    INTEGER: r"0|-?[1-9][0-9]{0,18}",
    NUMBER: r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
    BOOLEAN: r"(?i)true|false",
    DATE_TIME: r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[-+][0-9]{2}:?[0-9]{2})?",
}
# How values of a kind are ordered. Others are ordered as text.
_CASTS = {INTEGER: "BIGINT", NUMBER: "DOUBLE", DATE_TIME: "TIMESTAMPTZ"}

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_GLOB = re.compile(r"[*?\[]")
_FETCH_ROWS = 10_000
_MAX_LINE_BYTES = 2_000_000
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
}

CsvRow = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file and its column names. Setting `stop` interrupts the reading."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    stop: CancelToken

    @classmethod
    def open(cls, path: Path, delimiter: str, stop: CancelToken) -> CsvTable:
        """Read the header.

        Raises
        ------
        ConnectorError
            There is no header, or a column has no name of its own.
        """
        try:
            with path.open("rb") as file:
                # Decoded line by line, so that errors after the header do not matter here.
                lines = (line.decode("utf-8") for line in file)
                columns = tuple(next(csv.reader(lines, delimiter=delimiter, strict=True), ()))
        except OSError as error:
            raise ConnectorError(f"{path.name} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise ConnectorError(f"{path.name} is not UTF-8. Save it as UTF-8.") from error
        except csv.Error as error:
            raise ConnectorError(f"The header of {path.name} is not valid CSV: {error}") from error
        columns = (columns[0].removeprefix("\ufeff"), *columns[1:]) if columns else ()
        if not columns:
            raise ConnectorError(f"{path.name} is empty. Its first line must have the column names.")
        for position, name in enumerate(columns):
            if not name.strip():
                raise ConnectorError(f"Column {position + 1} of {path.name} has no name. Add one to the header.")
            if name in columns[:position]:
                raise ConnectorError(f"{path.name} has two columns named {name!r}. Rename one in the header.")
        return cls(path, delimiter, columns, stop)

    def kinds(self) -> dict[str, str]:
        """Read the whole file, and return the kind of each column: one that all its values have, or text.

        Raises
        ------
        ConnectorError
            A line is not valid CSV. The message has its number.
        """
        found: list[str] = []
        for position in range(len(self.columns)):
            column = f"c{position}"
            found.append(f"count({column})")
            for kind, shape in SHAPES.items():
                cast = f" AND isfinite(TRY_CAST({column} AS {_CASTS[kind]})) IS true" if kind in _CASTS else ""
                fits = f"regexp_full_match({column}, {literal(shape)}){cast}"
                found.append(f"bool_and({fits}) FILTER ({column} IS NOT NULL)")
        with self._connected() as connection:
            row = connection.execute(f"SELECT {', '.join(found)} FROM {self._source()}").fetchone() or ()
        width = 1 + len(SHAPES)
        parts = [row[first : first + width] for first in range(0, len(row), width)]
        return {
            name: next((kind for kind, fits in zip(SHAPES, fitting, strict=True) if count and fits), TEXT)
            for name, (count, *fitting) in zip(self.columns, parts, strict=True)
        }

    def rows(
        self, names: Sequence[str], *, key: str | None = None, kind: str = TEXT, since: Any = None
    ) -> Iterator[Sequence[CsvRow]]:
        """Yield many rows at a time of some columns, as text and None.

        Parameters
        ----------
        names
            The columns, in order.
        key
            The column that orders the rows. Rows without a value come first. None keeps the order of the file.
        kind
            The kind of the values of `key`.
        since
            The first value of `key` to read. Rows with a smaller value, or none, are omitted.

        Raises
        ------
        ConnectorError
            A line is not valid CSV, or a value of `key` is not of its kind.
        """
        chosen = ", ".join(self._column(name) for name in names) or "NULL"
        query = f"SELECT {chosen} FROM {self._source()}"
        parameters: list[Any] = []
        with self._connected() as connection:
            if key is not None:
                column = self._column(key)
                ordering = f"CAST({column} AS {_CASTS.get(kind, 'VARCHAR')})"
                self._check_key_values(connection, key, kind)
                if since is not None:
                    query += f" WHERE {ordering} >= CAST(? AS {_CASTS.get(kind, 'VARCHAR')})"
                    parameters = [str(since)]
                query += f" ORDER BY {ordering} NULLS FIRST"
            found = connection.execute(query, parameters)
            while rows := found.fetchmany(_FETCH_ROWS):
                yield rows

    def _check_key_values(self, connection: duckdb.DuckDBPyConnection, key: str, kind: str) -> None:
        if kind not in _CASTS:
            return
        column = self._column(key)
        other = connection.execute(
            f"SELECT {column} FROM {self._source()} "
            f"WHERE {column} IS NOT NULL AND TRY_CAST({column} AS {_CASTS[kind]}) IS NULL LIMIT 1"
        ).fetchone()
        if other is not None:
            raise ConnectorError(
                f"The replication key {key!r} of {self.path.name} must be {kind}, but a row has {other[0][:60]!r}. Fix "
                "the row, or run a new check and choose another key."
            )

    def _column(self, name: str) -> str:
        return f"c{self.columns.index(name)}"

    def _source(self) -> str:
        # Column names may differ in case only, which DuckDB does not allow.
        columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(self.columns)))
        file = literal(_GLOB.sub(r"[\g<0>]", str(self.path.absolute())))
        return (
            f"read_csv({file}, columns={{{columns}}}, delim={literal(self.delimiter)}, quote='\"', escape='\"', "
            "header=false, skip=1, auto_detect=false, nullstr='', allow_quoted_nulls=false, strict_mode=true, "
            f"compression='none', hive_partitioning=false, max_line_size={_MAX_LINE_BYTES}, "
            f"buffer_size={4 * _MAX_LINE_BYTES})"
        )

    @contextlib.contextmanager
    def _connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb

        try:
            with (
                temporary_folder("csv") as spill,
                duckdb.connect(":memory:", config={**_SETTINGS, "temp_directory": str(spill)}) as connection,
            ):

                def interrupt() -> None:
                    # The connection may be closed already.
                    with contextlib.suppress(duckdb.Error):
                        connection.interrupt()

                connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
                with self.stop.on_set(interrupt):
                    yield connection
        except duckdb.Error as error:
            raise ConnectorError(f"{self.path.name}: {_explain(str(error))}.") from error


def _explain(message: str) -> str:
    """Convert DuckDB's message about a line, without its advice, which is about the query."""
    line = _LINE.search(message)
    where = f"line {line[1]}" if line else "a line"
    if width := _WIDTH.search(message):
        return f"{where} has {_values(width[2])}, but the header has {width[1]}"
    if "unicode" in message.lower():
        return f"{where} is not UTF-8. Save the file as UTF-8"
    if "unterminated quote" in message:
        return f"{where} has a quote that is not closed"
    if "line size" in message.lower():
        return f"{where} is longer than {_MAX_LINE_BYTES // 1_000_000} MB"
    return message.partition("\n")[0].removeprefix("Invalid Input Error: ")


def _values(count: str) -> str:
    return f"{count} value" if count == "1" else f"{count} values"


_SCHEMAS: Mapping[str, JSONSchema] = {
    INTEGER: {"type": ["null", "integer"]},
    NUMBER: {"type": ["null", "number"]},
    BOOLEAN: {"type": ["null", "boolean"]},
    DATE_TIME: {"type": ["null", "string"], "format": "date-time"},
    TEXT: {"type": ["null", "string"]},
}
_IS_INTEGER = re.compile(SHAPES[INTEGER]).fullmatch
_IS_NUMBER = re.compile(SHAPES[NUMBER]).fullmatch
_BOOLEANS = {"true": True, "false": False}


class CsvFiles:
    """A `Connector` whose streams are the CSV files of a folder.

    ``orders.csv`` is the stream ``orders``. Its first line has the names of the fields. A field is an integer, a
    number, a boolean or a date-time if all of its values are, and text otherwise (``00501`` is text). An empty value
    is null, and ``""`` is empty text. Files are UTF-8, and quotes in a value are doubled. Otherwise an error names the
    line.

    Streams replicate as full tables, or as `INCREMENTAL` by any integer or date-time field. Both read the whole file.

    Parameters
    ----------
    folder
        Read at each check and job, without its subfolders.
    keys
        The primary key of each stream, by the stream's name. Rows of streams without a key are appended.
    delimiter
        The character between two values.

    Examples
    --------
    >>> CsvFiles("data", keys={"orders": ["id"]})
    CsvFiles('data')
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        keys: Mapping[str, Sequence[str]] | None = None,
        delimiter: str = ",",
    ) -> None:
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise InvalidInputError(f"delimiter must be one character, such as ',' or ';', got {delimiter!r}.")
        self.folder = Path(folder)
        self._keys = {stream: tuple(names) for stream, names in (keys or {}).items()}
        self._delimiter = delimiter

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Raise `ConnectorError` if the folder has no CSV files, or a header is not valid."""
        tables = self._tables(context)
        for stream, key in self._keys.items():
            if stream not in tables:
                raise ConnectorError(f"There is no {stream}.csv in {self.folder}, but keys has the stream {stream}.")
            for name in key:
                if name not in tables[stream].columns:
                    raise ConnectorError(f"{stream}.csv has no column {name!r}, but keys says that it is the key.")

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """Check the files and read them completely: the type of a field depends on all its values."""
        self.check(properties, context)
        return [self._discovered(name, table.kinds()) for name, table in self._tables(context).items()]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        """Yield the rows of each file in batches of at most 10,000. A value that is not of its field's type is text.

        Raises
        ------
        ConnectorError
            A file or replication key is gone, a file is not valid CSV, or a key's value is not of its type.
        """
        files = self._files()
        for stream in streams:
            if stream.tap_stream_id not in files:
                near = near_names(stream.tap_stream_id, files) or list(files)[:10]
                raise ConnectorError(
                    f"{stream.tap_stream_id}.csv is no longer in {self.folder}. It has {', '.join(near)}."
                )
        start = properties.get("start_date")
        for stream in streams:
            table = self._table(files[stream.tap_stream_id], context)
            yield from _batches(table, stream, state.get(stream.tap_stream_id, {}), start, now)

    def _tables(self, context: Context | None) -> dict[str, CsvTable]:
        return {name: self._table(path, context) for name, path in self._files().items()}

    def _table(self, path: Path, context: Context | None) -> CsvTable:
        return CsvTable.open(path, self._delimiter, (context or Context()).stop)

    def _files(self) -> dict[str, Path]:
        try:
            paths = sorted(path for path in self.folder.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
        except OSError as error:
            raise ConnectorError(f"The folder {self.folder} cannot be read: {error.strerror}.") from error
        if not paths:
            raise ConnectorError(f"There are no CSV files in {self.folder}. Their names must end with .csv.")
        files = {path.stem: path for path in paths}
        if len(files) < len(paths):
            twice = next(path for path in paths if files[path.stem] != path)
            raise ConnectorError(
                f"{twice.name} and {files[twice.stem].name} in {self.folder} would be the same stream. Rename one."
            )
        return files

    def _discovered(self, name: str, kinds: Mapping[str, str]) -> DiscoveredStream:
        key = self._keys.get(name, ())
        metadata: dict[Breadcrumb, dict[str, Any]] = {(): {"table-key-properties": list(key)}}
        for field in kinds:
            metadata["properties", field] = {"inclusion": "automatic" if field in key else "available"}
        properties = {field: dict(_SCHEMAS[kind]) for field, kind in kinds.items()}
        return DiscoveredStream(name, name, {"type": "object", "properties": properties}, metadata)


def _batches(
    table: CsvTable, stream: SelectedStream, bookmark: Mapping[str, Any], start: Any, now: datetime
) -> Iterator[Batch]:
    fields: Mapping[str, JSONSchema] = stream.schema.get("properties", {})
    # A column that was dropped is null from now on.
    names = [name for name in fields if name in table.columns]
    readers = [_READERS[_kind(fields[name])] for name in names]

    def record(row: CsvRow) -> dict[str, Any]:
        return {
            name: None if text is None else read(text)
            for name, read, text in zip(names, readers, row[: len(names)], strict=True)
        }

    if stream.replication_method == "FULL_TABLE":
        is_empty = True
        for rows in table.rows(names):
            is_empty = False
            yield Batch(stream, [record(row) for row in rows], now)
        if is_empty:
            # An empty batch empties the table in the warehouse.
            yield Batch(stream, (), now)
        return
    key = stream.replication_key
    if stream.replication_method != "INCREMENTAL" or key is None:
        raise ConnectorError(
            f"{table.path.name} cannot be replicated as {stream.replication_method}. Choose FULL_TABLE, or "
            "INCREMENTAL with a replication key."
        )
    if key not in table.columns:
        raise ConnectorError(f"{table.path.name} no longer has its replication key {key!r}. Run a new check.")
    kind = _kind(fields.get(key, {}))
    since = bookmark.get(key, start if kind == DATE_TIME else None)
    for rows in table.rows([*names, key], key=key, kind=kind, since=since):
        last = rows[-1][-1]
        reached = since if last is None else _READERS[kind](last)
        yield Batch(stream, [record(row) for row in rows], now, {} if reached is None else {key: reached})


def _kind(schema: JSONSchema) -> str:
    """Return the kind of column that a field was discovered as."""
    return next((kind for kind, known in _SCHEMAS.items() if known == schema), TEXT)


def _integer(text: str) -> int | str:
    return int(text) if _IS_INTEGER(text) else text


def _number(text: str) -> Decimal | str:
    return Decimal(text) if _IS_NUMBER(text) else text


def _boolean(text: str) -> bool | str:
    return _BOOLEANS.get(text.lower(), text)


_READERS: Mapping[str, Callable[[str], Any]] = {
    INTEGER: _integer,
    NUMBER: _number,
    BOOLEAN: _boolean,
    DATE_TIME: str,
    TEXT: str,
}
