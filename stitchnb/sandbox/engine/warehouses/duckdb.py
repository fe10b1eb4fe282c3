"""The embedded warehouse: a DuckDB database in memory or in one file."""

from __future__ import annotations

import contextlib
import difflib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import duckdb

from stitchnb.sandbox.engine.base import LoadBatch, LoadResult, WarehouseError
from stitchnb.sandbox.engine.warehouses import copies
from stitchnb.sandbox.engine.warehouses.loader import load_batch
from stitchnb.sandbox.engine.warehouses.naming import (
    DATABASE,
    INTERNAL_SCHEMA,
    SEQUENCE,
    folded,
    is_level_id,
    is_source_key,
    literal,
    quoted,
)
from stitchnb.sandbox.engine.warehouses.writer import forget_rows

if TYPE_CHECKING:
    import pandas as pd


class DuckDBWarehouse:
    """A destination inside this process, for the sandbox and for notebooks.

    Every source loads into a schema of its own name, every stream into a table. One lock serialises everything, so
    that a notebook may read while a job's thread loads: it sees a load whole or not at all. What the loader must know
    of its tables is kept in the same database, in the schema ``_stitchnb``, which `tables` leaves out.

    Parameters
    ----------
    path
        The database file, made when it is missing; None keeps everything in memory and leaves no file.

    Raises
    ------
    WarehouseError
        The file is in use by another process or is no DuckDB database.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: duckdb.DuckDBPyConnection | None = _open(path)

    def __repr__(self) -> str:
        state = "closed" if self._connection is None else "in memory" if self._path is None else self._path.name
        return f"<DuckDBWarehouse: {state}>"

    def __enter__(self) -> DuckDBWarehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction.

        Rows are upserted where the table's primary key is the stream's, the highest ``_sdc_sequence`` winning, and
        appended otherwise. Another ``table_version`` than the table's replaces its rows. Records that cannot be
        loaded land in the schema's ``_sdc_rejected`` instead, with the reason.

        Returns
        -------
        LoadResult
            Rows loaded and rejected; together the batch's records, including those that a later record of the
            same batch, or a newer row of the table, overrode.

        Raises
        ------
        WarehouseError
            Nothing of the batch landed: the database refused, or the table was altered so that loads cannot go on.
        """
        with self._lock:
            connection = self._live()
            connection.execute("BEGIN TRANSACTION")
            try:
                result = load_batch(connection, batch)
                connection.execute("COMMIT")
            except BaseException as error:
                # A failed COMMIT has rolled back by itself, and then there is no transaction left.
                with contextlib.suppress(duckdb.Error):
                    connection.execute("ROLLBACK")
                if isinstance(error, duckdb.Error):
                    name = f"{batch.schema_name}.{batch.table_name}"
                    raise WarehouseError(f"The load into {name} failed and left nothing behind: {error}") from error
                raise
            finally:
                forget_rows(connection)
            return result

    def tables(self) -> pd.DataFrame:
        """List the tables.

        Returns
        -------
        DataFrame
            One row per table, sorted by schema and table: ``schema`` and ``table`` (str), ``rows`` and ``columns``
            (int64), never null. No table leaves the columns. A schema's ``_sdc_rejected`` is there once a record
            was rejected.
        """
        import pandas as pd

        with self._cursor() as cursor:
            rows = [
                (schema, table, _count(cursor, schema, table), len(columns))
                for (schema, table), columns in _columns(cursor).items()
            ]
        found = pd.DataFrame(rows, columns=["schema", "table", "rows", "columns"])
        return found.astype({"schema": "str", "table": "str", "rows": "int64", "columns": "int64"})

    def table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table.

        Parameters
        ----------
        name
            ``schema.table``.
        columns
            Which columns, in which order; None for all.

        Returns
        -------
        DataFrame
            One row per row of the table, ordered by its primary key, a subtable's by source key and position, a
            table's without a key by ``_sdc_sequence``. Integers are ``Int64``, floats ``float64``, decimals
            ``object`` of `~decimal.Decimal` and None, booleans ``boolean``, text ``str``, timestamps
            ``datetime64[us]`` in UTC without zone. An empty table keeps columns and dtypes.

        Raises
        ------
        WarehouseError
            There is no such table or column; the message names the near ones.
        """
        from stitchnb.sandbox.engine.warehouses.results import frame

        with self._cursor() as cursor:
            schema, table, have = _find_table(name, _columns(cursor))
            chosen = have if columns is None else [_find_column(column, name, have) for column in columns]
            order = [*map(quoted, _order(cursor, schema, table, have)), "rowid"]
            return frame(
                cursor.execute(
                    f"SELECT {', '.join(map(quoted, chosen))} FROM {quoted(DATABASE, schema, table)} "
                    f"ORDER BY {', '.join(order)}"
                )
            )

    def sql(self, query: str) -> pd.DataFrame:
        """Run SQL of DuckDB's dialect; tables are ``schema.table``.

        Statements may change the destination too, as its owner may: the next load copes with what it finds. A
        transaction that the query leaves open is rolled back.

        Returns
        -------
        DataFrame
            The last statement's result, in its order, dtypes as in `table`; a change gives the number of rows.

        Raises
        ------
        WarehouseError
            DuckDB refused the query; the message is DuckDB's.
        """
        from stitchnb.sandbox.engine.warehouses.results import frame

        with self._cursor() as cursor:
            return frame(cursor.execute(query))

    def keep_copy(self, name: str) -> None:
        """Copy all of it, under a name, into memory: `bring_back` puts the copy in place of what is there then."""
        with self._lock:
            copies.keep_copy(self._live(), name)

    def bring_back(self, name: str | None) -> None:
        """Put a copy in place of what is there; None empties the warehouse."""
        with self._lock:
            copies.bring_back(self._live(), name)

    def forget_copy(self, name: str) -> None:
        """Let go of a copy."""
        with self._lock:
            copies.forget_copy(self._live(), name)

    def close(self) -> None:
        """Let go of the file; what was in memory is gone. Closing twice does no harm."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _live(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise WarehouseError("The warehouse is closed: open it again to load or read")
        return self._connection

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one reading, so that nothing a query sets or begins outlives it."""
        with self._lock, self._live().cursor() as cursor:
            try:
                cursor.execute(f"USE {quoted(DATABASE)}")
                yield cursor
            except duckdb.Error as error:
                raise WarehouseError(f"The query failed: {error}") from error


def _open(path: Path | None) -> duckdb.DuckDBPyConnection:
    file = ":memory:" if path is None else str(path.absolute())
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            # Empty: a query that outgrows the memory fails rather than leaving files behind.
            "temp_directory": "" if path is None else f"{file}.tmp",
            # Batches arrive as text; 0 keeps DuckDB from guessing at types.
            "pandas_analyze_sample": "0",
        },
    )
    try:
        connection.execute(f"ATTACH {literal(file)} AS {quoted(DATABASE)} (TYPE DUCKDB)")
        connection.execute(f"USE {quoted(DATABASE)}")
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(_why_not_open(file, str(error))) from error
    return connection


def _why_not_open(file: str, message: str) -> str:
    if "lock" in message:
        return (
            f"The warehouse file {file} is in use by another process, and DuckDB lets one process at a time open a "
            f"file: close the other sandbox or notebook, or choose another file. DuckDB says: {message}"
        )
    if "already attached" in message:
        return f"The warehouse file {file} is open already in this process: use that warehouse, or close it first"
    return f"The warehouse file {file} cannot be opened: {message}"


def _columns(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """Columns of every table that is not the loader's own, sorted by schema and table."""
    found: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in cursor.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() "
        "SEMI JOIN duckdb_tables() USING (database_name, schema_name, table_name) "
        "WHERE database_name = ? AND schema_name <> ? ORDER BY schema_name, table_name, column_index",
        [DATABASE, INTERNAL_SCHEMA],
    ).fetchall():
        found.setdefault((schema, table), []).append(column)
    return found


def _count(cursor: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    (count,) = cursor.execute(f"SELECT count(*) FROM {quoted(DATABASE, schema, table)}").fetchall()[0]
    return int(count)


def _order(cursor: duckdb.DuckDBPyConnection, schema: str, table: str, columns: Sequence[str]) -> Sequence[str]:
    """Columns that a table's rows are ordered by."""
    keys = cursor.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = ? AND schema_name = ? "
        "AND table_name = ? AND constraint_type = 'PRIMARY KEY'",
        [DATABASE, schema, table],
    ).fetchall()
    if keys:
        return list(keys[0][0])
    return [
        *filter(is_source_key, columns),
        *(column for column in columns if column == SEQUENCE),
        *filter(is_level_id, columns),
    ]


def _find_table(name: str, tables: dict[tuple[str, str], list[str]]) -> tuple[str, str, list[str]]:
    for (schema, table), columns in tables.items():
        if folded(f"{schema}.{table}") == folded(name):
            return schema, table, columns
    names = [f"{schema}.{table}" for schema, table in tables]
    raise WarehouseError(f"There is no table {name}{_near(name, names, 'nothing has been loaded yet')}")


def _find_column(name: str, table: str, columns: Sequence[str]) -> str:
    for column in columns:
        if folded(column) == folded(name):
            return column
    raise WarehouseError(f"Table {table} has no column {name}{_near(name, columns, 'it has none')}")


def _near(name: str, names: Sequence[str], if_none: str) -> str:
    """End of a message about an unknown name: what may have been meant."""
    if not names:
        return f": {if_none}"
    near = difflib.get_close_matches(name, names) or [other for other in names if name in other]
    return f". Near it: {', '.join(near)}" if near else f". There are: {', '.join(names)}"
