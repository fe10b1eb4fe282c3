"""One CSV file read by DuckDB: its header, what its columns hold, and its rows in order.

DuckDB rather than Python's own reader: it tells an empty value from a null one (``""`` from nothing between two
commas), orders more rows than memory holds, refuses what is no CSV with the line, and is quicker.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.engine.base import ConnectorError
from stitchnb.sandbox.engine.folders import temporary_folder
from stitchnb.sandbox.engine.stopping import Stop
from stitchnb.sandbox.engine.warehouses.naming import literal

if TYPE_CHECKING:
    import duckdb

INTEGER, NUMBER, BOOLEAN, DATE_TIME, TEXT = "integer", "number", "boolean", "date-time", "text"

# What every value of a column must look like for the column to hold more than text: nothing that another writing of
# the same value would lose, such as the zeros of 00501, and nothing that means something else elsewhere.
SHAPES = {
    INTEGER: r"0|-?[1-9][0-9]{0,18}",
    NUMBER: r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?",
    BOOLEAN: r"(?i)true|false",
    DATE_TIME: r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[-+][0-9]{2}:?[0-9]{2})?",
}
# How values of a kind are ordered; others as text.
_CASTS = {INTEGER: "BIGINT", NUMBER: "DOUBLE", DATE_TIME: "TIMESTAMPTZ"}

_LINE = re.compile(r"CSV Error on Line: (\d+)")
_WIDTH = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_GLOB = re.compile(r"[*?\[]")
_FETCHED_ROWS = 10_000
_MOST_LINE_BYTES = 2_000_000
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "256MB",
    "autoinstall_known_extensions": False,
}

Row = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file and the names in its header; setting `stop` breaks off the reading."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    stop: Stop

    @classmethod
    def open(cls, path: Path, delimiter: str, stop: Stop) -> CsvTable:
        """Read the header.

        Raises
        ------
        ConnectorError
            There is none, or it does not name every column by a name of its own.
        """
        try:
            with path.open("rb") as file:
                # Decoded line by line: what comes after the header is not its fault.
                lines = (line.decode("utf-8") for line in file)
                columns = tuple(next(csv.reader(lines, delimiter=delimiter, strict=True), ()))
        except OSError as error:
            raise ConnectorError(f"{path.name} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ConnectorError(f"{path.name} is not UTF-8: save it as UTF-8") from error
        except csv.Error as error:
            raise ConnectorError(f"{path.name} has a header that is no CSV: {error}") from error
        columns = (columns[0].removeprefix("\ufeff"), *columns[1:]) if columns else ()
        if not columns:
            raise ConnectorError(f"{path.name} is empty: its first line must name the columns")
        for position, name in enumerate(columns):
            if not name.strip():
                raise ConnectorError(f"{path.name}: column {position + 1} has no name in the header")
            if name in columns[:position]:
                raise ConnectorError(f"{path.name}: two columns are called {name!r}")
        return cls(path, delimiter, columns, stop)

    def kinds(self) -> dict[str, str]:
        """Read the whole file and tell what each column holds: a kind that all its values have, or text.

        Raises
        ------
        ConnectorError
            It is no CSV throughout: the message tells the line.
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
    ) -> Iterator[Sequence[Row]]:
        """Give some of the columns, many rows at a time, as text and None.

        Parameters
        ----------
        names
            The columns, in the order in which they are wanted.
        key
            The column that the rows are ordered by, those without a value first; the file's own order when None.
        kind
            What the values of `key` are.
        since
            Where to begin: rows whose key is less, or null, are left out.

        Raises
        ------
        ConnectorError
            It is no CSV throughout, or a value of `key` is not of its kind.
        """
        chosen = ", ".join(self._column(name) for name in names) or "NULL"
        query = f"SELECT {chosen} FROM {self._source()}"
        parameters: list[Any] = []
        with self._connected() as connection:
            if key is not None:
                column = self._column(key)
                ordering = f"CAST({column} AS {_CASTS.get(kind, 'VARCHAR')})"
                self._refuse_other_kinds(connection, key, kind)
                if since is not None:
                    query += f" WHERE {ordering} >= CAST(? AS {_CASTS.get(kind, 'VARCHAR')})"
                    parameters = [str(since)]
                query += f" ORDER BY {ordering} NULLS FIRST"
            found = connection.execute(query, parameters)
            while rows := found.fetchmany(_FETCHED_ROWS):
                yield rows

    def _refuse_other_kinds(self, connection: duckdb.DuckDBPyConnection, key: str, kind: str) -> None:
        if kind not in _CASTS:
            return
        column = self._column(key)
        other = connection.execute(
            f"SELECT {column} FROM {self._source()} "
            f"WHERE {column} IS NOT NULL AND TRY_CAST({column} AS {_CASTS[kind]}) IS NULL LIMIT 1"
        ).fetchone()
        if other is not None:
            raise ConnectorError(
                f"{self.path.name}: the replication key {key!r} is {kind}, and a row has {other[0][:60]!r} there: "
                "mend the row, or choose another key after a new check"
            )

    def _column(self, name: str) -> str:
        return f"c{self.columns.index(name)}"

    def _source(self) -> str:
        # Names of the header may differ in their case only, which DuckDB's do not.
        columns = ", ".join(f"'c{position}': 'VARCHAR'" for position in range(len(self.columns)))
        file = literal(_GLOB.sub(r"[\g<0>]", str(self.path.absolute())))
        return (
            f"read_csv({file}, columns={{{columns}}}, delim={literal(self.delimiter)}, quote='\"', escape='\"', "
            "header=false, skip=1, auto_detect=false, nullstr='', allow_quoted_nulls=false, strict_mode=true, "
            f"compression='none', hive_partitioning=false, max_line_size={_MOST_LINE_BYTES}, "
            f"buffer_size={4 * _MOST_LINE_BYTES})"
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
                with self.stop.calling(interrupt):
                    yield connection
        except duckdb.Error as error:
            raise ConnectorError(f"{self.path.name}: {_in_words(str(error))}") from error


def _in_words(message: str) -> str:
    """Say DuckDB's refusal of a line without its advice, which is for those who write the query."""
    line = _LINE.search(message)
    where = f"line {line[1]}" if line else "a line"
    if width := _WIDTH.search(message):
        return f"{where} has {_values(width[2])}, the header names {width[1]}"
    if "unicode" in message.lower():
        return f"{where} is not UTF-8: save the file as UTF-8"
    if "unterminated quote" in message:
        return f"{where} opens a quote that is not closed"
    if "line size" in message.lower():
        return f"{where} is longer than {_MOST_LINE_BYTES // 1_000_000} MB"
    return message.partition("\n")[0].removeprefix("Invalid Input Error: ")


def _values(count: str) -> str:
    return f"{count} value" if count == "1" else f"{count} values"
