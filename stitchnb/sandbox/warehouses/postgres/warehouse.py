"""A real PostgreSQL database as a destination."""

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
from stitchnb.sandbox.warehouses.naming import INTERNAL_SCHEMA, REJECTED_TABLE
from stitchnb.sandbox.warehouses.postgres.session import PostgresTarget, frame, import_psycopg
from stitchnb.sandbox.warehouses.postgres.tables import METADATA, PostgresRegistry, PostgresWriter

if TYPE_CHECKING:
    import pandas as pd
    import psycopg

_LOCKED = "55P03"

# Of the tables in some schemas only: the database may have many others.
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
    """A real PostgreSQL database as a destination, for destination types with its connection settings.

    It reads ``host``, ``port``, ``database``, ``username``, ``password``, ``ssl`` (True requires TLS) and
    ``sslrootcert`` (PEM of the certificate authority that must have signed the server's certificate). It does not
    open SSH tunnels.

    Parameters
    ----------
    lock_timeout_s
        Seconds that a load waits for a table that is locked by another connection, before it fails.

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
            raise InvalidInputError(f"lock_timeout_s must be greater than 0 seconds, got {lock_timeout_s}.")
        self._lock_timeout_s = lock_timeout_s

    def __repr__(self) -> str:
        return "Postgres()"

    def check(self, properties: Mapping[str, Any]) -> None:
        """Connect, and test what loads need: to create schemas and temporary tables. Nothing of it is kept.

        Raises
        ------
        WarehouseError
            With the server's message.
        """
        database = PostgresTarget.from_properties(properties)
        psycopg = import_psycopg()
        try:
            with database.connect() as connection:
                connection.execute("BEGIN READ WRITE")
                schema = psycopg.sql.Identifier(f"stitchnb check {uuid.uuid4()}")
                connection.execute(psycopg.sql.SQL("CREATE SCHEMA {}").format(schema))
                connection.execute("CREATE TEMP TABLE stitchnb_check () ON COMMIT DROP")
                connection.execute("ROLLBACK")
        except psycopg.Error as error:
            raise WarehouseError(database.error_message(error)) from error

    def open(self, properties: Mapping[str, Any]) -> PostgresWarehouse:
        """Return the warehouse. It connects for each load and each query."""
        return PostgresWarehouse(PostgresTarget.from_properties(properties), self._lock_timeout_s)


@dataclass(frozen=True, slots=True)
class PostgresWarehouse:
    """One database of a PostgreSQL server as a destination.

    Tables are the same as in the embedded warehouse, with the types bigint, double precision, numeric, boolean,
    timestamp (UTC) and text. Each load and each query opens a connection, so a server can restart in between. Loads
    into one schema wait for each other. The loader's metadata are in the same database, in the schema ``_stitchnb``,
    which `tables` omits.

    Attributes
    ----------
    lock_timeout_s
        Seconds that a load waits for a table that is locked by another connection.
    """

    database: PostgresTarget
    lock_timeout_s: float = 10.0

    def __repr__(self) -> str:
        return f"<PostgresWarehouse: {self.database}>"

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load one batch in one transaction, like `DuckDBWarehouse.load`.

        Raises
        ------
        WarehouseError
            Nothing was loaded: the server reported an error or was lost, a table was locked for too long, or was
            changed so that it cannot be loaded.
        """
        psycopg = import_psycopg()
        try:
            with self.database.connect() as connection:
                connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
                connection.execute(
                    "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
                    "SET LOCAL idle_in_transaction_session_timeout = 0"
                )
                registry = PostgresRegistry(connection, batch.schema_name)
                registry.read()
                # A load waits for other loads without a limit, but not for other connections.
                connection.execute(f"SET LOCAL lock_timeout = {max(1, round(self.lock_timeout_s * 1000))}".encode())
                result = Loader(registry, PostgresWriter(connection, batch), batch).run()
                if result.rows_loaded + result.rows_rejected != len(batch.batch.records):
                    raise WarehouseError(
                        f"Nothing was loaded: of {len(batch.batch.records)} rows, {result.rows_loaded} were loaded and "
                        f"{result.rows_rejected} rejected, which does not add up."
                    )
                connection.execute("COMMIT")
                return result
        except psycopg.Error as error:
            raise WarehouseError(self._failed(batch, error)) from error

    def tables(self) -> pd.DataFrame:
        """List the tables of the schemas that have been loaded into.

        Returns
        -------
        DataFrame
            One row per table, as for `DuckDBWarehouse.tables`.
        """
        with self._read_only() as connection:
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
            The columns to read, in order. None reads all.

        Returns
        -------
        DataFrame
            One row per row of the table, with the order and dtypes of `DuckDBWarehouse.table`.

        Raises
        ------
        WarehouseError
            There is no such table or column, and the message lists similar names. Or the server reported an error.
        """
        from psycopg import sql

        with self._read_only() as connection:
            schema, table, have = find_table(name, _columns(connection))
            chosen = have if columns is None else [find_column(column, name, have) for column in columns]
            source = sql.Identifier(schema, table)
            key = dict(connection.execute(_KEY, [source.as_string(connection)]).fetchall())
            # Text is ordered by character, regardless of the language of the database.
            order = [
                sql.SQL('{} COLLATE "C"' if key.get(column) in ("text", "character varying") else "{}").format(
                    sql.Identifier(column)
                )
                for column in order_of(list(key), have)
            ]
            query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
                sql.SQL(", ").join(map(sql.Identifier, chosen)), source, sql.SQL(", ").join([*order, sql.SQL("ctid")])
            )
            return frame(connection.execute(query))

    def sql(self, query: str) -> pd.DataFrame:
        """Run SQL in PostgreSQL's dialect. Tables are ``schema.table``.

        Statements can also change the destination, as its owner can: the next load adapts to the changes. Several
        statements, separated by semicolons, are one transaction. One that the query leaves open is rolled back.

        Returns
        -------
        DataFrame
            The last statement's result, in its order, with dtypes as in `table`. A change returns the number of rows.

        Raises
        ------
        WarehouseError
            The query failed. The message is the server's.
        """
        with self._connect() as connection:
            return frame(connection.execute(query.encode()))

    def close(self) -> None:
        """Do nothing, because no connection stays open."""

    @contextmanager
    def _connect(self) -> Iterator[psycopg.Connection[Any]]:
        psycopg = import_psycopg()
        try:
            with self.database.connect() as connection:
                yield connection
        except psycopg.Error as error:
            raise WarehouseError(f"The query failed: {self.database.error_message(error)}") from error

    @contextmanager
    def _read_only(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect for several queries that all see the database at one moment."""
        with self._connect() as connection:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    def _failed(self, batch: LoadBatch, error: psycopg.Error) -> str:
        message = self.database.error_message(error)
        if error.sqlstate == _LOCKED:
            message += f"\nAnother connection held a lock for more than {self.lock_timeout_s:g} seconds."
        name = f"{batch.schema_name}.{batch.table_name}"
        return f"Nothing was loaded into {name} of {self.database}: {message}"


def _columns(connection: psycopg.Connection[Any]) -> dict[tuple[str, str], list[str]]:
    """Return the columns of each table in a schema that has been loaded into."""
    schemas = {
        schema
        for (schema,) in connection.execute(
            "SELECT nspname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE relname = %s",
            [REJECTED_TABLE],
        )
    }
    ((has_notes,),) = connection.execute("SELECT to_regclass(%s) IS NOT NULL", [METADATA]).fetchall()
    if has_notes:
        schemas |= {schema for (schema,) in connection.execute(f"SELECT schema_name FROM {METADATA}".encode())}
    found = connection.execute(_COLUMNS, [sorted(schemas), INTERNAL_SCHEMA]).fetchall()
    return {(schema, table): [name for name in columns if name is not None] for schema, table, columns in found}


def _count(connection: psycopg.Connection[Any], schema: str, table: str) -> int:
    from psycopg import sql

    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    ((count,),) = connection.execute(query).fetchall()
    return int(count)
