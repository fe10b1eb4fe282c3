"""What a discovery tells of a real PostgreSQL: tables and views, keys, types, and what does not replicate."""

from collections.abc import Iterator
from typing import Any

import pytest
from postgres_server import Database, PostgresServer

from stitchnb.sandbox.connectors.postgres.connector import Postgres
from stitchnb.sandbox.pipeline import DiscoveredStream

SHOP = """
    CREATE DOMAIN email AS varchar(80);
    CREATE TABLE orders (
        line int, id bigint, amount numeric(12, 2), free numeric, code varchar(10), mail email, at timestamptz,
        tags text[], place point, words tsvector, old int, PRIMARY KEY (id, line)
    );
    ALTER TABLE orders DROP COLUMN old;
    INSERT INTO orders SELECT 1, number FROM generate_series(1, 500) AS number;
    ANALYZE orders;
    CREATE VIEW big_orders AS SELECT id, amount FROM orders WHERE amount > 100;
    CREATE MATERIALIZED VIEW totals AS SELECT sum(amount) AS total FROM orders;
    CREATE TABLE measured (at date) PARTITION BY RANGE (at);
    CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE SCHEMA "Odd-Names";
    CREATE TABLE "Odd-Names"."Ünïted ""Orders"" 2" ("Sélf, id" int PRIMARY KEY);
    CREATE TABLE secret (id int, hidden text);
"""


@pytest.fixture(scope="module")
def database(postgres_server: PostgresServer) -> Iterator[Database]:
    with postgres_server.database() as database:
        database.run(SHOP)
        yield database


@pytest.fixture(scope="module")
def found(database: Database) -> dict[str, DiscoveredStream]:
    return {stream.tap_stream_id.removeprefix(f"{database.name}-"): stream for stream in discover(database)}


def discover(database: Database, **properties: str) -> list[DiscoveredStream]:
    return Postgres().discover(database.properties(**properties))


def field(stream: DiscoveredStream, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return dict(stream.schema["properties"][name]), dict(stream.metadata["properties", name])


def test_tables_and_views_are_streams_by_schema_and_name(found: dict[str, DiscoveredStream]) -> None:
    assert list(found) == [
        'Odd-Names-Ünïted "Orders" 2',
        "public-big_orders",
        "public-measured",
        "public-orders",
        "public-secret",
        "public-totals",
    ]


def test_a_table_tells_its_key_in_order_and_how_many_rows_it_has(
    database: Database, found: dict[str, DiscoveredStream]
) -> None:
    assert found["public-orders"].metadata[()] == {
        "database-name": database.name,
        "schema-name": "public",
        "is-view": False,
        "row-count": 500,
        "table-key-properties": ["id", "line"],
    }


@pytest.mark.parametrize("name", ["public-big_orders", "public-totals"])
def test_a_view_says_so_and_has_no_key(found: dict[str, DiscoveredStream], name: str) -> None:
    metadata = found[name].metadata[()]

    assert (metadata["is-view"], metadata["table-key-properties"]) == (True, [])


@pytest.mark.parametrize(
    ("name", "sql_type", "schema"),
    [
        ("id", "bigint", {"type": ["integer"], "minimum": -(2**63), "maximum": 2**63 - 1}),
        ("line", "integer", {"type": ["integer"], "minimum": -(2**31), "maximum": 2**31 - 1}),
        ("amount", "numeric", {"type": ["null", "number"], "multipleOf": 0.01}),
        ("free", "numeric", {"type": ["null", "number"], "multipleOf": 1e-38}),
        ("code", "character varying", {"type": ["null", "string"], "maxLength": 10}),
        ("mail", "email", {"type": ["null", "string"], "maxLength": 80}),
        ("at", "timestamp with time zone", {"type": ["null", "string"], "format": "date-time"}),
        ("tags", "text[]", {"type": ["null", "array"], "items": {"type": ["null", "string"]}}),
    ],
)
def test_a_column_tells_its_type(
    found: dict[str, DiscoveredStream], name: str, sql_type: str, schema: dict[str, Any]
) -> None:
    told, metadata = field(found["public-orders"], name)

    assert told == schema
    assert metadata == {
        "sql-datatype": sql_type,
        "inclusion": "automatic" if name in ("id", "line") else "available",
        "selected-by-default": True,
    }


@pytest.mark.parametrize(("name", "sql_type"), [("place", "point"), ("words", "tsvector")])
def test_a_type_that_does_not_replicate_says_why(found: dict[str, DiscoveredStream], name: str, sql_type: str) -> None:
    told, metadata = field(found["public-orders"], name)

    assert told == {}
    assert metadata == {
        "sql-datatype": sql_type,
        "inclusion": "unsupported",
        "unsupported-description": f"Unsupported type: {sql_type}",
    }


def test_a_dropped_column_is_not_told(found: dict[str, DiscoveredStream]) -> None:
    assert "old" not in found["public-orders"].schema["properties"]


def test_stream_names_may_begin_with_the_schema(database: Database) -> None:
    names = {s.stream_name for s in discover(database, include_schemas_in_destination_stream_name="true")}

    assert {"public_orders", "public_totals"} <= names
    assert {"orders", "totals"} <= {s.stream_name for s in discover(database)}


def test_only_what_the_user_may_read_is_told(database: Database) -> None:
    database.run(
        "CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT SELECT ON orders TO clerk;GRANT SELECT (id) ON secret TO clerk"
    )
    try:
        streams = {s.stream_name: s for s in discover(database, user="clerk", password="clerk")}
    finally:
        database.run("DROP OWNED BY clerk; DROP ROLE clerk")

    assert list(streams) == ["orders", "secret"]
    assert list(streams["secret"].schema["properties"]) == ["id"]


def test_further_databases_are_discovered_as_well(postgres_server: PostgresServer, database: Database) -> None:
    with postgres_server.database() as second:
        second.run("CREATE TABLE customers (id int)")

        ids = [s.tap_stream_id for s in discover(database, filter_dbs=f" {second.name},{database.name}")]

    assert ids[-1] == f"{second.name}-public-customers"
    assert f"{database.name}-public-orders" in ids
    assert len(ids) == len(set(ids))
