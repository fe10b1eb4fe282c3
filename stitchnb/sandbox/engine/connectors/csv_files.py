"""The connector that reads a folder of CSV files: every file is a stream."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from stitchnb.errors import InvalidInputError, near_names
from stitchnb.sandbox.engine.base import (
    Batch,
    Breadcrumb,
    ConnectorError,
    Context,
    DiscoveredStream,
    JSONSchema,
    SelectedStream,
)
from stitchnb.sandbox.engine.connectors.csv_files_table import (
    BOOLEAN,
    DATE_TIME,
    INTEGER,
    NUMBER,
    SHAPES,
    TEXT,
    CsvTable,
    Row,
)

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

    ``orders.csv`` is the stream ``orders``; its first line names the fields. A field is an integer, a number, a boolean
    or a date-time where all of its values are, in one way of writing only (``00501`` is text), and text otherwise. An
    empty value is null, ``""`` an empty text. Files are UTF-8, quotes in a value are doubled; a file that is not so
    throughout is refused with the line.

    Streams are full tables. `INCREMENTAL` replication by any integer or date-time field reads the whole file and
    delivers what is not before the bookmark, in the field's order.

    Parameters
    ----------
    folder
        Looked into at every check and job. Its subfolders are not.
    keys
        The primary key of a stream, by the stream's name; rows of others are appended.
    delimiter
        What stands between two values.

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
            raise InvalidInputError(f"{delimiter!r} cannot part values: give one character, such as ',' or ';'.")
        self.folder = Path(folder)
        self._keys = {stream: tuple(names) for stream, names in (keys or {}).items()}
        self._delimiter = delimiter

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        """Raise `ConnectorError` where the folder holds no CSV files, or a header is not as it must be."""
        tables = self._tables(context)
        for stream, key in self._keys.items():
            if stream not in tables:
                raise ConnectorError(f"There is no {stream}.csv in {self.folder}, which has the key {', '.join(key)}.")
            for name in key:
                if name not in tables[stream].columns:
                    raise ConnectorError(f"{stream}.csv has no column {name!r}, which is its key.")

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        """Check the files and read them through, for a field's type is that of all its values."""
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
        """Give the rows of each file in batches of at most 10,000; a value that is not of its field's type is text.

        Raises
        ------
        ConnectorError
            A file or a replication key is gone, a file is no CSV, or a key's value is not of its type.
        """
        files = self._files()
        for stream in streams:
            if stream.tap_stream_id not in files:
                near = near_names(stream.tap_stream_id, files) or list(files)[:10]
                raise ConnectorError(
                    f"There is no {stream.tap_stream_id}.csv in {self.folder} any more; it has {', '.join(near)}."
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
            raise ConnectorError(f"There are no CSV files in {self.folder}: their names must end with .csv.")
        files = {path.stem: path for path in paths}
        if len(files) < len(paths):
            twice = next(path for path in paths if files[path.stem] != path)
            raise ConnectorError(f"{twice.name} and {files[twice.stem].name} in {self.folder} would be one stream.")
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

    def record(row: Row) -> dict[str, Any]:
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
            # The table in the warehouse is to be empty as well.
            yield Batch(stream, (), now)
        return
    key = stream.replication_key
    if stream.replication_method != "INCREMENTAL" or key is None:
        raise ConnectorError(
            f"{table.path.name} replicates as FULL_TABLE, or as INCREMENTAL by a replication key; "
            f"{stream.replication_method} is not possible."
        )
    if key not in table.columns:
        raise ConnectorError(f"{table.path.name} has no column {key!r} any more, which is its replication key.")
    kind = _kind(fields.get(key, {}))
    since = bookmark.get(key, start if kind == DATE_TIME else None)
    for rows in table.rows([*names, key], key=key, kind=kind, since=since):
        last = rows[-1][-1]
        reached = since if last is None else _READERS[kind](last)
        yield Batch(stream, [record(row) for row in rows], now, {} if reached is None else {key: reached})


def _kind(schema: JSONSchema) -> str:
    """Tell which kind of column a field was discovered as."""
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
