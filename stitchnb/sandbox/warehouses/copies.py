"""Copies of a whole warehouse, kept in memory beside it: to go back to, or to empty it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stitchnb.sandbox.warehouses.naming import DATABASE, quoted

if TYPE_CHECKING:
    import duckdb

# What there can be in the schema that every database has and that cannot be dropped, those that need others first.
_IN_MAIN = {
    "VIEW": "SELECT view_name FROM duckdb_views() WHERE NOT internal",
    "TABLE": "SELECT table_name FROM duckdb_tables() WHERE NOT internal",
    "SEQUENCE": "SELECT sequence_name FROM duckdb_sequences() WHERE true",
    "MACRO": "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal AND function_type = 'macro'",
    "MACRO TABLE": "SELECT DISTINCT function_name FROM duckdb_functions() "
    "WHERE NOT internal AND function_type = 'table_macro'",
    "TYPE": "SELECT type_name FROM duckdb_types() WHERE NOT internal",
}


def keep_copy(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Copy every schema, table, row and key into a database in memory."""
    connection.execute(f"ATTACH ':memory:' AS {quoted(name)}")
    try:
        connection.execute(f"COPY FROM DATABASE {quoted(DATABASE)} TO {quoted(name)}")
    except BaseException:
        forget_copy(connection, name)
        raise


def bring_back(connection: duckdb.DuckDBPyConnection, name: str | None) -> None:
    """Put a copy in place of what is there, or nothing where there is no name, in one transaction."""
    connection.execute("BEGIN TRANSACTION")
    try:
        _empty(connection)
        if name is not None:
            connection.execute(f"COPY FROM DATABASE {quoted(name)} TO {quoted(DATABASE)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def forget_copy(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Let go of a copy."""
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
