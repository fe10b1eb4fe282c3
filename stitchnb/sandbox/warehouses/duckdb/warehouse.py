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
from stitchnb.sandbox.warehouses import copies
from stitchnb.sandbox.warehouses.duckdb.csv_loader import NotByColumn, load_columns
from stitchnb.sandbox.warehouses.duckdb.registry import DuckDBRegistry
from stitchnb.sandbox.warehouses.duckdb.writer import DuckDBWriter, forget_rows
from stitchnb.sandbox.warehouses.loader import Loader
from stitchnb.sandbox.warehouses.lookup import find_column, find_table, order_of, tables_frame
from stitchnb.sandbox.warehouses.naming import DATABASE, INTERNAL_SCHEMA, literal, quoted

if TYPE_CHECKING:
    import pandas as pd


# What a load may take at first, and at most.
_LOAD_MIB = 128
_MOST_LOAD_MIB = 16 * 1024


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
        self._load_mib = _LOAD_MIB
        self._connection: duckdb.DuckDBPyConnection | None = _open(path)
        self._file = None if path is None else _identity(path)
        self._is_invalid = False

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
        """Load one batch in one transaction; for stitchnb itself to use.

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
            while True:
                try:
                    with self._bounded():
                        self._refuse_lost_file()
                        return self._load(batch)
                except duckdb.OutOfMemoryException as error:
                    if not self._may_take_more():
                        raise _failed(batch, error) from error
                except duckdb.Error as error:
                    self._note(error)
                    raise _failed(batch, error) from error

    def _load(self, batch: LoadBatch) -> LoadResult:
        records = batch.batch.records
        if not isinstance(records, CsvRecords) or batch.sequences is not None:
            return self._in_transaction(batch, partial(_load_records, load=batch))
        try:
            return self._in_transaction(batch, partial(load_columns, load=batch, records=records))
        except NotByColumn as reason:
            result = self._in_transaction(batch, partial(_load_records, load=batch))
            return replace(result, by_record=str(reason))

    def _in_transaction(self, batch: LoadBatch, load: Callable[[duckdb.DuckDBPyConnection], LoadResult]) -> LoadResult:
        connection = self._live()
        connection.execute("BEGIN TRANSACTION")
        try:
            result = load(connection)
            if result.rows_loaded + result.rows_rejected != len(batch.batch.records):
                raise WarehouseError(
                    f"Of {len(batch.batch.records)} rows {result.rows_loaded} were loaded and {result.rows_rejected} "
                    "rejected: none of them was kept"
                )
            connection.execute("COMMIT")
        except BaseException:
            # A failed COMMIT has rolled back by itself, and then there is no transaction left.
            with contextlib.suppress(duckdb.Error):
                connection.execute("ROLLBACK")
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
        from stitchnb.sandbox.warehouses.lookup import frame

        with self._cursor() as cursor:
            return frame(cursor.execute(query))

    def keep_copy(self, name: str) -> None:
        """Copy all of it, under a name, into memory, for `bring_back`; for stitchnb itself to use."""
        with self._lock:
            copies.keep_copy(self._live(), name)

    def bring_back(self, name: str | None) -> None:
        """Put a copy in place of what is there, or with None nothing; for stitchnb itself to use."""
        with self._lock:
            copies.bring_back(self._live(), name)

    def forget_copy(self, name: str) -> None:
        """Let go of a copy; for stitchnb itself to use."""
        with self._lock:
            copies.forget_copy(self._live(), name)

    def close(self) -> None:
        """Let go of the file, and of what was in memory, once or again; for stitchnb itself to use."""
        with self._lock:
            if self._connection is not None:
                # Closing brings the file up to date, which is work like a load's.
                self._bound(self._connection)
                self._connection.close()
                self._connection = None

    @contextlib.contextmanager
    def _bounded(self) -> Iterator[None]:
        """Keep what of the file is held in memory small, which is otherwise all of it as long as there is room."""
        connection = self._live()
        self._bound(connection)
        try:
            yield
        finally:
            connection.execute("RESET memory_limit")

    def _bound(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self._path is not None:
            # Refused where what cannot be let go of is more than that already.
            with contextlib.suppress(duckdb.OutOfMemoryException):
                connection.execute(f"SET memory_limit = '{self._load_mib}MiB'")

    def _may_take_more(self) -> bool:
        """Allow loads twice the memory, up to what queries have; the index of a large table needs it."""
        if self._path is None or self._load_mib >= _MOST_LOAD_MIB:
            return False
        self._load_mib *= 2
        return True

    def _live(self) -> duckdb.DuckDBPyConnection:
        if self._connection is None:
            raise WarehouseError("The warehouse is closed: open it again to load or read")
        if self._path is not None and self._is_invalid:
            _attach_anew(self._connection, self._path)
            self._is_invalid = False
        return self._connection

    def _note(self, error: duckdb.Error) -> None:
        """Note where DuckDB has let go of the file, which it does when a disk is full while it brings it up to date."""
        self._is_invalid |= "invalidated" in str(error)

    def _refuse_lost_file(self) -> None:
        """Refuse a load into a file that nobody will find again: it stays open, but not under its name."""
        if self._path is None or _identity(self._path) == self._file:
            return
        what = "was replaced by another" if self._path.exists() else "is gone"
        raise WarehouseError(
            f"The warehouse file {self._path} {what}, so that nothing is loaded: put it back, or close the sandbox "
            "and open it again"
        )

    @contextlib.contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own for one reading, so that nothing a query sets or begins outlives it."""
        with self._lock, self._live().cursor() as cursor:
            try:
                cursor.execute(f"USE {quoted(DATABASE)}")
                yield cursor
            except duckdb.Error as error:
                self._note(error)
                raise WarehouseError(f"The query failed: {error}") from error


def _load_records(connection: duckdb.DuckDBPyConnection, load: LoadBatch) -> LoadResult:
    registry = DuckDBRegistry(connection, load.schema_name)
    registry.read()
    return Loader(registry, DuckDBWriter(connection, load), load).run()


def _failed(batch: LoadBatch, error: duckdb.Error) -> WarehouseError:
    name = f"{batch.schema_name}.{batch.table_name}"
    return WarehouseError(f"The load into {name} failed and left nothing behind: {error}")


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
        # For texts these take a third of a whole load's time; without them files are larger. Not heeded as `config`.
        connection.execute("SET disabled_compression_methods = 'fsst,dict_fsst,zstd'")
        _attach(connection, file)
    except duckdb.Error as error:
        connection.close()
        raise WarehouseError(_why_not_open(file, str(error))) from error
    return connection


def _attach(connection: duckdb.DuckDBPyConnection, file: str) -> None:
    connection.execute(f"ATTACH {literal(file)} AS {quoted(DATABASE)} (TYPE DUCKDB)")
    connection.execute(f"USE {quoted(DATABASE)}")


def _attach_anew(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Open the file again in the same connection, which keeps the copies in memory."""
    file = str(path.absolute())
    try:
        connection.execute("USE memory.main")
        connection.execute(f"DETACH DATABASE IF EXISTS {quoted(DATABASE)}")
        _attach(connection, file)
    except duckdb.Error as error:
        raise WarehouseError(_why_not_open(file, str(error))) from error


def _identity(path: Path) -> tuple[int, int] | None:
    """Tell one file from another that may have its name; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


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


def _key(cursor: duckdb.DuckDBPyConnection, schema: str, table: str) -> Sequence[str]:
    """Columns of a table's primary key."""
    keys = cursor.execute(
        "SELECT constraint_column_names FROM duckdb_constraints() WHERE database_name = ? AND schema_name = ? "
        "AND table_name = ? AND constraint_type = 'PRIMARY KEY'",
        [DATABASE, schema, table],
    ).fetchall()
    return list(keys[0][0]) if keys else []
