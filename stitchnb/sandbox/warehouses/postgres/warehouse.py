"""A real PostgreSQL as a destination: found by its form, checked, loaded into and read."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, WarehouseError
from stitchnb.sandbox.warehouses.loader import Loader
from stitchnb.sandbox.warehouses.lookup import find_column, find_table, order_of, tables_frame
from stitchnb.sandbox.warehouses.naming import INTERNAL_SCHEMA, REJECTED_TABLE, quoted
from stitchnb.sandbox.warehouses.postgres.registry import NOTES, PostgresRegistry
from stitchnb.sandbox.warehouses.postgres.session import Database, imported
from stitchnb.sandbox.warehouses.postgres.writer import PostgresWriter

if TYPE_CHECKING:
    import pandas as pd
    import psycopg

_LOCKED = "55P03"

# Of the tables in some schemas: there may be a great deal else in the database.
_COLUMNS = """
    SELECT nspname, relname, array_agg(attname::text ORDER BY attnum)
    FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relkind IN ('r', 'p') AND nspname = ANY (%s) AND nspname <> %s
    GROUP BY nspname, relname
    ORDER BY nspname COLLATE "C", relname COLLATE "C"
"""
_KEY = """
    SELECT attname::text, format_type(atttypid, NULL)
    FROM pg_constraint
    CROSS JOIN unnest(conkey) WITH ORDINALITY AS part (number, place)
    JOIN pg_attribute ON attrelid = conrelid AND attnum = number
    WHERE contype = 'p' AND conrelid = %s::regclass
    ORDER BY place
"""


class Postgres:
    """What destination types that speak PostgreSQL can be bound to, by the values of their form.

    It reads ``host``, ``port``, ``database``, ``username`` and ``password``; ``ssl`` (True insists on TLS) and
    ``sslrootcert`` (a certificate authority as PEM, which the server's certificate must then be of). A tunnel over
    SSH is not opened.

    Parameters
    ----------
    lock_timeout_s
        Seconds that a load waits for a table that somebody else has locked, before it fails.

    Raises
    ------
    InvalidInputError
        `lock_timeout_s` is not positive.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, warehouses
    >>> with Sandbox() as sandbox:
    ...     sandbox.warehouses["postgres"] = warehouses.Postgres()
    """

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        if not lock_timeout_s > 0:
            raise InvalidInputError(f"lock_timeout_s is {lock_timeout_s}: give seconds, more than none")
        self._lock_timeout_s = lock_timeout_s

    def __repr__(self) -> str:
        return "Postgres()"

    def check(self, properties: Mapping[str, Any]) -> None:
        """Connect, and try what loads need: to make schemas and temporary tables. Nothing of it stays.

        Raises
        ------
        WarehouseError
            With the server's own words.
        """
        database = Database.of(properties)
        psycopg = imported()
        try:
            with database.connected() as connection:
                connection.execute("BEGIN READ WRITE")
                connection.execute(f"CREATE SCHEMA {quoted(f'stitchnb check {uuid.uuid4()}')}".encode())
                connection.execute("CREATE TEMP TABLE stitchnb_check () ON COMMIT DROP")
                connection.execute("ROLLBACK")
        except psycopg.Error as error:
            raise WarehouseError(database.words_of(error)) from error

    def open(self, properties: Mapping[str, Any]) -> PostgresWarehouse:
        """Give the warehouse; it connects when it is loaded into or read."""
        return PostgresWarehouse(Database.of(properties), self._lock_timeout_s)


@dataclass(frozen=True, slots=True)
class PostgresWarehouse:
    """One database of a PostgreSQL server as a destination.

    Tables are laid out as in the embedded warehouse, with the types bigint, double precision, numeric, boolean,
    timestamp (UTC) and text. Every load and every reading has a connection of its own, so that a server may go and
    come back. Loads into one schema wait for each other. What the loader must know of its tables is kept in the same
    database, in the schema ``_stitchnb``, which `tables` leaves out.

    Attributes
    ----------
    lock_timeout_s
        Seconds that a load waits for a table that somebody else has locked.
    """

    database: Database
    lock_timeout_s: float = 10.0

    def __repr__(self) -> str:
        return f"<PostgresWarehouse: {self.database}>"

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction, as `DuckDBWarehouse.load` does.

        Raises
        ------
        WarehouseError
            Nothing of the batch landed: the server refused or was lost, a table was locked for too long, or was
            altered so that loads cannot go on.
        """
        psycopg = imported()
        try:
            with self.database.connected() as connection:
                connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                connection.execute(
                    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
                    "SET LOCAL idle_in_transaction_session_timeout = 0"
                )
                registry = PostgresRegistry(connection, batch.schema_name)
                registry.read()
                # Other loads are waited for as long as they take, everybody else not.
                connection.execute(f"SET LOCAL lock_timeout = {max(1, round(self.lock_timeout_s * 1000))}".encode())
                result = Loader(registry, PostgresWriter(connection, batch), batch).run()
                if result.rows_loaded + result.rows_rejected != len(batch.batch.records):
                    raise WarehouseError(
                        f"Of {len(batch.batch.records)} rows {result.rows_loaded} were loaded and "
                        f"{result.rows_rejected} rejected: none of them was kept"
                    )
                connection.execute("COMMIT")
                return result
        except psycopg.Error as error:
            raise WarehouseError(self._failed(batch, error)) from error

    def tables(self) -> pd.DataFrame:
        """List the tables of those schemas that loads were made into.

        Returns
        -------
        DataFrame
            One row per table, as of `DuckDBWarehouse.tables`.
        """
        with self._reading() as connection:
            found = _columns(connection)
            return tables_frame(
                (schema, table, _count(connection, schema, table), len(columns))
                for (schema, table), columns in found.items()
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
            One row per row of the table; order and dtypes are those of `DuckDBWarehouse.table`.

        Raises
        ------
        WarehouseError
            There is no such table or column, which the message says with the near ones; or the server refused.
        """
        from stitchnb.sandbox.warehouses.postgres.session import frame

        with self._reading() as connection:
            schema, table, have = find_table(name, _columns(connection))
            chosen = have if columns is None else [find_column(column, name, have) for column in columns]
            place = quoted(schema, table)
            key = dict(connection.execute(_KEY, [place]).fetchall())
            # Text is ordered by its characters, whatever language the database was made for.
            order = [
                quoted(column) + (' COLLATE "C"' if key.get(column) in ("text", "character varying") else "")
                for column in order_of(list(key), have)
            ]
            query = f"SELECT {', '.join(map(quoted, chosen))} FROM {place} ORDER BY {', '.join([*order, 'ctid'])}"
            return frame(connection.execute(query.encode()))

    def sql(self, query: str) -> pd.DataFrame:
        """Run SQL of PostgreSQL's dialect; tables are ``schema.table``.

        Statements may change the destination too, as its owner may: the next load copes with what it finds. Several
        with semicolons between them are one transaction; one that the query leaves open is rolled back.

        Returns
        -------
        DataFrame
            The last statement's result, in its order, dtypes as in `table`; a change gives the number of rows.

        Raises
        ------
        WarehouseError
            The server refused the query; the message is the server's.
        """
        from stitchnb.sandbox.warehouses.postgres.session import frame

        with self._answering() as connection:
            return frame(connection.execute(query.encode()))

    def close(self) -> None:
        """Do nothing: no connection is held."""

    @contextmanager
    def _answering(self) -> Iterator[psycopg.Connection[Any]]:
        psycopg = imported()
        try:
            with self.database.connected() as connection:
                yield connection
        except psycopg.Error as error:
            raise WarehouseError(f"The query failed: {self.database.words_of(error)}") from error

    @contextmanager
    def _reading(self) -> Iterator[psycopg.Connection[Any]]:
        """See everything as it is at one moment, however many queries it takes."""
        with self._answering() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    def _failed(self, batch: LoadBatch, error: psycopg.Error) -> str:
        words = self.database.words_of(error)
        if error.sqlstate == _LOCKED:
            words += f"\nSomebody else has held a lock for more than {self.lock_timeout_s:g} seconds."
        name = f"{batch.schema_name}.{batch.table_name}"
        return f"The load into {name} of {self.database} failed and left nothing behind: {words}"


def _columns(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], list[str]]:
    """Columns of every table in a schema that loads were made into."""
    schemas = {
        schema
        for (schema,) in connection.execute(
            "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relname = %s",
            [REJECTED_TABLE],
        )
    }
    ((has_notes,),) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [NOTES]).fetchall()
    if has_notes:
        schemas |= {schema for (schema,) in connection.execute(f"SELECT schema_name FROM {NOTES}".encode())}
    found = connection.execute(_COLUMNS, [sorted(schemas), INTERNAL_SCHEMA]).fetchall()
    return {(schema, table): [name for name in columns if name is not None] for schema, table, columns in found}


def _count(connection: psycopg.Connection[Any], schema: str, table: str) -> int:
    ((count,),) = connection.execute(f"SELECT count(*) FROM {quoted(schema, table)}".encode()).fetchall()
    return int(count)
