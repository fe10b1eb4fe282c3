"""A tap that says the rows of a PostgreSQL leaves the tables that reading that PostgreSQL itself leaves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from nasty_values import make
from postgres_runs import NOW, Landing, contents, extracted, stream_of
from postgres_server import Database
from singer_taps import Taps

from stitchnb.sandbox.connectors.singer.connector import Singer
from stitchnb.sandbox.pipeline import Batch, SelectedStream
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

# Describes one table, and says its rows as they stand in a file.
TELLING = """
described = json.load(open(os.path.join(HERE, "described.json")))
name, fields, keys = described["name"], described["fields"], described["keys"]
discover(entry(name, fields, keys))
schema(name, fields, keys)
for line in open(os.path.join(HERE, "rows.jsonl"), encoding="utf-8"):
    print('{"type": "RECORD", "stream": ' + json.dumps(name) + ', "record": ' + line.rstrip("\\n") + "}")
"""
# JSON has no such numbers, and the times of taps no such years.
UNSAYABLE = """
    'NaN' IN (double, real) OR abs(double) = 'Infinity' OR 'NaN' IN (free, price)
    OR isfinite(coalesce(day, moment, instant))
    AND extract(year FROM coalesce(day, moment, instant)) NOT BETWEEN 1 AND 9999
"""
# How a tap writes what JSON has no type for, where PostgreSQL would write it otherwise.
SAID_AS = {
    "bit1": "bit1 = B'1'",
    "json": "json::text",
    "jsonb": "jsonb::text",
    "day": "day::timestamp AT TIME ZONE 'UTC'",
    "moment": "moment AT TIME ZONE 'UTC'",
}
LISTS = r"""
    CREATE TABLE lists (id int PRIMARY KEY, numbers numeric[], texts text[], moments timestamptz[], deep int[]);
    INSERT INTO lists VALUES
    (1, '{1.50,NULL,-0.000000000001}', '{"a,b",NULL,"NULL","","\"","😀"}', '{2024-01-01 02:00+02}', '{{1,2},{3,4}}'),
    (2, NULL, '{}', NULL, NULL), (3, '{}', '{" "}', '{NULL}', '{}')
"""


@pytest.fixture
def warehouse() -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(None) as warehouse:
        yield warehouse


def told_by_a_tap(database: Database, stream: SelectedStream, taps: Taps) -> list[Batch]:
    """Have a tap say what PostgreSQL itself writes of the rows as JSON; discovered and run as every tap is."""
    fields = stream.schema["properties"]
    described = {"name": stream.stream_name, "fields": fields, "keys": list(stream.key_properties)}
    (taps.folder / "described.json").write_text(json.dumps(described))
    said = {field: SAID_AS.get(field, f'"{field}"') for field in fields}
    columns = ", ".join(f'{value} AS "{field}"' for field, value in said.items())
    database.run("SET TimeZone = 'UTC'")
    rows = database.connection.execute(
        f"SELECT row_to_json(said)::text FROM (SELECT {columns} FROM {stream.stream_name}) AS said".encode()
    ).fetchall()
    (taps.folder / "rows.jsonl").write_text("".join(f"{row}\n" for (row,) in rows), "utf-8")
    tap = Singer(taps.write("tap-telling", TELLING))
    (found,) = tap.discover({})
    selected = SelectedStream(
        found.tap_stream_id, found.stream_name, found.schema, stream.key_properties, stream.replication_method
    )
    return list(tap.extract({}, [selected], {}, NOW))


def landed(warehouse: DuckDBWarehouse, schema: str, batches: Sequence[Batch]) -> dict[str, Sequence[Any]]:
    Landing(warehouse, schema)(batches)
    return contents(warehouse, schema)


def test_nasty_values_land_alike(database: Database, warehouse: DuckDBWarehouse, taps: Taps) -> None:
    make(database)
    database.run(f"DELETE FROM nasty WHERE {UNSAYABLE}")
    stream = stream_of(database, "nasty")
    Landing(warehouse, "fast")(extracted(database, stream))

    singer = landed(warehouse, "singer", told_by_a_tap(database, stream, taps))

    fast = contents(warehouse, "fast")
    assert {table: len(rows) for table, (_, rows) in fast.items()} == {"nasty": 78, "_sdc_rejected": 2}
    assert singer == fast


def test_arrays_land_alike(database: Database, warehouse: DuckDBWarehouse, taps: Taps) -> None:
    database.run(LISTS)
    stream = stream_of(database, "lists")
    Landing(warehouse, "fast")(extracted(database, stream))

    singer = landed(warehouse, "singer", told_by_a_tap(database, stream, taps))

    fast = contents(warehouse, "fast")
    assert {"lists__numbers", "lists__texts", "lists__moments", "lists__deep__value"} <= set(fast)
    assert singer == fast
