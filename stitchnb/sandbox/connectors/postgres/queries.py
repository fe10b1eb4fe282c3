"""Which rows of a table a job asks PostgreSQL for, and in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox.connectors.csv_records import CsvColumn
from stitchnb.sandbox.connectors.postgres.catalog import Table
from stitchnb.sandbox.connectors.postgres.types import ColumnType
from stitchnb.sandbox.pipeline import ConnectorError, SelectedStream

_BEFORE_CHRIST = re.compile(r"(?:-0*(\d+)|0000)(-.*)")


@dataclass(frozen=True, slots=True)
class Reading:
    """One query of a stream.

    Attributes
    ----------
    query
        A COPY that gives CSV.
    columns
        What its columns are.
    key
        The field that the rows are ordered by and the bookmark is of; None where there is no order.
    """

    query: str
    columns: tuple[CsvColumn, ...]
    key: str | None = None


def readings_of(
    stream: SelectedStream, table: Table | None, bookmark: Mapping[str, Any], limit: int | None
) -> list[Reading]:
    """Tell the queries that give a stream's rows.

    Columns that are no longer in the table, or whose type cannot be read, are left out.

    Parameters
    ----------
    table
        The table as it is now; None where it is gone.
    bookmark
        What the last job kept.
    limit
        Most rows of an incremental job; None for all.

    Raises
    ------
    ConnectorError
        The table is gone or has lost a key, or the stream's method cannot be carried out.
    """
    if table is None:
        raise ConnectorError(f"{stream.tap_stream_id}: the table that was discovered is no longer in the database")
    if stream.replication_method == "LOG_BASED":
        raise ConnectorError(
            f"{stream.tap_stream_id}: LOG_BASED replication reads the server's log through a replication slot, which "
            "the sandbox does not do: set the stream's replication-method to INCREMENTAL or FULL_TABLE"
        )
    for name in stream.key_properties:
        _refuse_missing(stream, table, name, "primary key")
    names = [name for name in stream.schema.get("properties", {}) if name in table.columns]
    fields = {name: table.columns[name] for name in names if table.columns[name].kind is not None}
    columns = tuple(type_.column(name) for name, type_ in fields.items())
    select = f"SELECT {', '.join(_value(name, type_) for name, type_ in fields.items())} FROM {_table(table)}"
    if stream.replication_method == "FULL_TABLE":
        return [Reading(_copy(select), columns)]
    key = stream.replication_key
    if key is None:
        raise ConnectorError(f"{stream.tap_stream_id}: {stream.replication_method} needs a replication key")
    type_ = _key_type(stream, table, key)
    ordered = f"ORDER BY {quoted(key)}" + (f" LIMIT {limit}" if limit else "")
    # Infinity would be the last bookmark for ever.
    endless = "" if type_.kind == "integer" else f" AND isfinite({quoted(key)})"
    since = bookmark.get(key)
    if since is not None:
        passed = f"{quoted(key)} >= {_literal(_as_written(str(since)))}::{type_.name}"
        return [Reading(_copy(f"{select} WHERE {passed}{endless} {ordered}"), columns, key)]
    unordered = f"{quoted(key)} IS NULL" if not endless else f"({quoted(key)} IS NULL OR NOT isfinite({quoted(key)}))"
    return [
        Reading(_copy(f"{select} WHERE {unordered}"), columns),
        Reading(_copy(f"{select} WHERE {quoted(key)} IS NOT NULL{endless} {ordered}"), columns, key),
    ]


def quoted(name: str) -> str:
    """Write a name as SQL does, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def _key_type(stream: SelectedStream, table: Table, key: str) -> ColumnType:
    _refuse_missing(stream, table, key, "replication key")
    type_ = table.columns[key]
    if type_.kind not in ("integer", "timestamp"):
        raise ConnectorError(
            f"{stream.tap_stream_id}: the replication key {key} is of type {type_.name}, by which rows cannot be told "
            "old from new: it must be an integer, a date or a timestamp"
        )
    return type_


def _refuse_missing(stream: SelectedStream, table: Table, name: str, role: str) -> None:
    if name not in table.columns:
        raise ConnectorError(f"{stream.tap_stream_id}: the table has no column {name} any more, which is its {role}")


def _value(name: str, type_: ColumnType) -> str:
    # As texts the elements are written like values of their own, and JSON keeps apart what a literal would not.
    return f"array_to_json({quoted(name)}::text[])" if type_.is_array else quoted(name)


def _table(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"


def _copy(select: str) -> str:
    return f"COPY ({select}) TO STDOUT (FORMAT csv)"


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


def _as_written(bookmark: str) -> str:
    """Write a bookmark as PostgreSQL reads it, which has no year 0 and counts back from there."""
    match = _BEFORE_CHRIST.fullmatch(bookmark)
    return f"{int(match[1] or 0) + 1:04d}{match[2]} BC" if match else bookmark
