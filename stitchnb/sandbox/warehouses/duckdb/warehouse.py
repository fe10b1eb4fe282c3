"""The embedded warehouse: a DuckDB database in memory or in one file."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import duckdb

from stitchnb.sandbox.connectors.csv_records import CsvRecords
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, WarehouseError
from stitchnb.sandbox.warehouses.duckdb.csv_loader import ColumnarLoadUnsupportedError, load_columns
from stitchnb.sandbox.warehouses.duckdb.tables import DuckDBRegistry, DuckDBWriter, unregister_rows
from stitchnb.sandbox.warehouses.loader import Loader
from stitchnb.sandbox.warehouses.lookup import find_column, find_table, order_of, tables_frame
from stitchnb.sandbox.warehouses.naming import DATABASE, INTERNAL_SCHEMA, literal, quoted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

# What can be in the schema main, which cannot be dropped. Objects that depend on others come first.
_IN_MAIN = {
    "VIEW": "SELECT view_name FROM duckdb_views() WHERE NOT internal",
    "TABLE": "SELECT table_name FROM duckdb_tables() WHERE NOT internal",
    "SEQUENCE": "SELECT sequence_name FROM duckdb_sequences() WHERE true",
    "MACRO": "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal AND function_type = 'macro'",
    "MACRO TABLE": "SELECT DISTINCT function_name FROM duckdb_functions() "
    "WHERE NOT internal AND function_type = 'table_macro'",
    "TYPE": "SELECT type_name FROM duckdb_types() WHERE NOT internal",
}


def _snapshot(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Copy every schema, table, row and key into a database in memory."""
    connection.execute(f"ATTACH ':memory:' AS {quoted(name)}")
    try:
        connection.execute(f"COPY FROM DATABASE {quoted(DATABASE)} TO {quoted(name)}")
    except BaseException:
        _drop_snapshot(connection, name)
        raise


def _restore(connection: duckdb.DuckDBPyConnection, name: str | None) -> None:
    """Replace everything by a copy in one transaction, or remove everything if the name is None."""
    connection.execute("BEGIN TRANSACTION")
    try:
        _empty(connection)
        if name is not None:
            connection.execute(f"COPY FROM DATABASE {quoted(name)} TO {quoted(DATABASE)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _drop_snapshot(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Delete a copy."""
    connection.execute(f"DETACH {quoted(name)}")


def _empty(connection: duckdb.DuckDBPyConnection) -> None:
    schemas = connection.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND schema_name <> 'main'", [DATABASE]
    ).fetchall()
    for (schema,) in schemas:
        connection.execute(f"DROP SCHEMA {quoted(DATABASE, schema)} CASCADE")
    for kind, query in _IN_MAIN.items():
        found = connection.execute(f"{query} AND database_name = ? AND schema_name = 'main'", [DATABASE]).fetchall()
        for (name,) in found:
            connection.execute(f"DROP {kind} {quoted(DATABASE, 'main', name)}")


# Memory of a load, at first and at most.
_LOAD_MIB = 128
_MAX_LOAD_MIB = 16 * 1024


class DuckDBWarehouse:
    """A destination inside this process, for the sandbox and for notebooks.

    Each source loads into a schema with its name, and each stream into a table. One lock serializes all access, so a
    notebook can read while a job loads, and sees a load completely or not at all. The loader's metadata are in the
    same database, in the schema ``_stitchnb``, which `tables` omits.

    Parameters
    ----------
    path
        The database file, created if it is missing. None keeps everything in memory.

    Raises
    ------
    WarehouseError
        The file is in use by another process, or is not a DuckDB database.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._load_mib = _LOAD_MIB
        self._connection: duckdb.DuckDBPyConnection | None = _open(path)
        self._file = None if path is None else _identity(path)
        self._is_invalid = False

    def __repr__(self) -> str:
        state = "closed" if self._connection is None else "in memory" if self._path is None else self._path.name
        return f"<DuckDBWarehouse: {state}>"

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in ("load", "snapshot", "restore", "drop_snapshot")]

    def __enter__(self) -> DuckDBWarehouse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction.

        If the table's primary key is the stream's, rows are upserted, and the highest ``_sdc_sequence`` wins. Otherwise
        they are appended. A ``table_version`` other than the table's replaces its rows. Records that cannot be loaded
        go to the schema's table ``_sdc_rejected``, with the reason.

        Returns
        -------
        LoadResult
            Rows loaded and rejected. Together they are all records of the batch, including those that a later record
            of the batch or a newer row of the table replaced.

        Raises
        ------
        WarehouseError
            Nothing was loaded: the database reported an error, or the table was changed so that it cannot be loaded.
        """
        with self._lock:
            while True:
                try:
                    with self._bounded():
                        self._check_file()
                        return self._load(batch)
                except duckdb.OutOfMemoryException as error:
                    if not self._raise_memory_limit():
                        raise _failed(batch, error) from error
                except duckdb.Error as error:
                    self._parse_metadata(error)
                    raise _failed(batch, error) from error

    def _load(self, batch: LoadBatch) -> LoadResult:
        records = batch.batch.records
        if not isinstance(records, CsvRecords) or batch.sequences is not None:
            return self._in_transaction(batch, partial(_load_records, load=batch))
        try:
            return self._in_transaction(batch, partial(load_columns, load=batch, records=records))
        except ColumnarLoadUnsupportedError as reason:
            result = self._in_transaction(batch, partial(_load_records, load=batch))
            return replace(result, by_record=str(reason))

    def _in_transaction(self, batch: LoadBatch, load: Callable[[duckdb.DuckDBPyConnection], LoadResult]) -> LoadResult:
        connection = self._open_connection()
        connection.execute("BEGIN TRANSACTION")
        try:
            result = load(connection)
            if result.rows_loaded + result.rows_rejected != len(batch.batch.records):
                raise WarehouseError(
                    f"Nothing was loaded: of {len(batch.batch.records)} rows, {result.rows_loaded} were loaded and "
                    f"{result.rows_rejected} rejected, which does not add up."
                )
            connection.execute("COMMIT")
        except BaseException:
            # A failed COMMIT has already rolled back.
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
            raise
        finally:
            unregister_rows(connection)
        return result

    def tables(self) -> pd.DataFrame:
        """List the tables.

        Returns
        -------
        DataFrame
            One row per table, sorted by schema and table: ``schema`` and ``table`` (str), ``rows`` and ``columns``
            (int64), never null. Without tables, the columns are still there. A schema has ``_sdc_rejected`` once a
            record was rejected.
        """
        with self._cursor() as cursor:
            return tables_frame(
                (schema, table, _count(cursor, schema, table), len(columns))
                for (schema, table), columns in _columns(cursor).items()
            )

    def table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table.

        Parameters
        ----------
        name
            ``schema.table``.
        columns
            The columns to read, in order. None reads all.

        Returns
        -------
        DataFrame
            One row per row of the table, ordered by primary key. A subtable is ordered by source key and position, and
            a table without a key by ``_sdc_sequence``. Integers are ``Int64``, floats ``float64``, decimals
            ``object`` of `~decimal.Decimal` and None, booleans ``boolean``, text ``str``, timestamps
            ``datetime64[us]`` in UTC without zone. An empty table keeps columns and dtypes.

        Raises
        ------
        WarehouseError
            There is no such table or column. The message lists similar names.
        """
        from stitchnb.sandbox.warehouses.lookup import frame

        with self._cursor() as cursor:
            schema, table, have = find_table(name, _columns(cursor))
            chosen = have if columns is None else [find_column(column, name, have) for column in columns]
            order = [*map(quoted, order_of(_key(cursor, schema, table), have)), "rowid"]
            return frame(
                cursor.execute(
                    f"SELECT {', '.join(map(quoted, chosen))} FROM {quoted(DATABASE, schema, table)} "
                    f"ORDER BY {', '.join(order)}"
                )
            )

    def sql(self, query: str) -> pd.DataFrame:
        """Run SQL in DuckDB's dialect. Tables are ``schema.table``.

        Statements can also change the destination, as its owner can: the next load adapts to the changes. A transaction
        that the query leaves open is rolled back.

        Returns
        -------
        DataFrame
            The last statement's result, in its order, with dtypes as in `table`. A change returns the number of rows.

        Raises
        ------
        WarehouseError
            The query failed. The message is DuckDB's.
        """
        from stitchnb.sandbox.warehouses.lookup import frame

        with self._cursor() as cursor:
            return frame(cursor.execute(query))

    def snapshot(self, name: str) -> None:
        """Copy everything into memory, under a name, for `restore`."""
        with self._lock:
            _snapshot(self._open_connection(), name)

    def restore(self, name: str | None) -> None:
        """Replace everything by a copy, or remove everything if the name is None."""
        with self._lock:
            _restore(self._open_connection(), name)

    def drop_snapshot(self, name: str) -> None:
        """Delete a copy."""
        with self._lock:
            _drop_snapshot(self._open_connection(), name)

    def close(self) -> None:
        """Close the file, or delete what is in memory. Closing again does nothing."""
        with self._lock:
            if self._connection is not None:
                # Closing writes changes to the file, which needs memory like a load.
                self._bound(self._connection)
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Limit the memory for the file. Otherwise DuckDB keeps all of it in memory while there is room."""
        connection = self._open_connection()
        self._bound(connection)
        try:
            yield
        finally:
            connection.execute("RESET memory_limit")

    def _bound(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self._path is not None:
            # DuckDB refuses if more than that is in use and cannot be released.
            with contextlib.suppress(duckdb.OutOfMemoryException):
                connection.execute(f"SET memory_limit = '{self._load_mib}MiB'")

    def _raise_memory_limit(self) -> bool:
        """Double the memory of loads, up to a maximum: indexes of large tables need it. Return whether it changed."""
        if self._path is None or self._load_mib >= _MAX_LOAD_MIB:
            return False
        self._load_mib *= 2
        return True

    def _open_connection(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise WarehouseError("The warehouse is closed. Open it again to load or read.")
        if self._path is not None and self._is_invalid:
            _reattach(self._connection, self._path)
            self._is_invalid = False
        return self._connection

    def _parse_metadata(self, error: duckdb.Error) -> None:
        """Notice when DuckDB has detached the file, as it does if the disk is full while it writes changes."""
        self._is_invalid |= "invalidated" in str(error)

    def _check_file(self) -> None:
        """Raise an error if the file was moved or replaced: it is still open, but the rows would be lost."""
        if self._path is None or _identity(self._path) == self._file:
            return
        what = "was replaced" if self._path.exists() else "was removed"
        raise WarehouseError(
            f"Nothing was loaded: the warehouse file {self._path} {what}. Put it back, or close the sandbox and open "
            "it again."
        )

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open a separate connection for one query, so that its settings and transaction end with it."""
        with self._lock, self._open_connection().cursor() as cursor:
            try:
                cursor.execute(f"USE {quoted(DATABASE)}")
                yield cursor
            except duckdb.Error as error:
                self._parse_metadata(error)
                raise WarehouseError(f"The query failed: {error}") from error


def _load_records(connection: duckdb.DuckDBPyConnection, load: LoadBatch) -> LoadResult:
    registry = DuckDBRegistry(connection, load.schema_name)
    registry.read()
    return Loader(registry, DuckDBWriter(connection, load), load).run()


def _failed(batch: LoadBatch, error: duckdb.Error) -> WarehouseError:
    name = f"{batch.schema_name}.{batch.table_name}"
    return WarehouseError(f"Nothing was loaded into {name}: {error}")


def _open(path: Path | None) -> duckdb.DuckDBPyConnection:
    file = ":memory:" if path is None else str(path.absolute())
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            # Empty: a query that needs too much memory fails and leaves no files behind.
            "temp_directory": "" if path is None else f"{file}.tmp",
            # Batches are text. 0 keeps DuckDB from guessing types.
            "pandas_analyze_sample": "0",
        },
    )
    try:
        # These take a third of a load's time for text; without them, files are larger. Ignored as part of `config`.
        connection.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        _attach(connection, file)
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(_why_not_open(file, str(error))) from error
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute(f"ATTACH {literal(file)} AS {quoted(DATABASE)} (TYPE DUCKDB)")
    connection.execute(f"USE {quoted(DATABASE)}")


def _reattach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the file again in the same connection, which has the copies in memory."""
    file = str(path.absolute())
    try:
        connection.execute("USE memory.main")
        connection.execute(f"DETACH DATABASE IF EXISTS {quoted(DATABASE)}")
        _attach(connection, file)
    except duckdb.Error as error:
        raise WarehouseError(_why_not_open(file, str(error))) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Return a value that differs for another file of the same name. None if there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _why_not_open(file: str, message: str) -> str:
    if "lock" in message:
        return (
            f"The warehouse file {file} is in use by another process. Close the other sandbox or notebook, or use "
            f"another file. DuckDB reports: {message}"
        )
    if "already attached" in message:
        return f"The warehouse file {file} is already open in this process. Use that warehouse, or close it first."
    return f"The warehouse file {file} could not be opened: {message}"


def _columns(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], list[str]]:
    """Return the columns of each table except the loader's own, sorted by schema and table."""
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


def _key(cursor: duckdb.DuckDBPyConnection, schema: str, table: str) -> Sequence[str]:
    """Return the columns of a table's primary key."""
    keys = cursor.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = ? AND schema_name = ? "
        "AND table_name = ? AND constraint_type = 'PRIMARY KEY'",
        [DATABASE, schema, table],
    ).fetchall()
    return list(keys[0][0]) if keys else []
