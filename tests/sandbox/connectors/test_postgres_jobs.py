"""Jobs that bring the rows of a real PostgreSQL into the embedded warehouse, and how they end when something fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from polling import wait_until
from postgres_journeys import GOOD, Journey, landed
from postgres_server import PASSWORD, Database

from stitchnb.sandbox import Sandbox, connectors

TABLES = """
    CREATE TABLE orders (id int PRIMARY KEY, title text, changed_at timestamptz);
    INSERT INTO orders SELECT n, 'order ' || n, '2026-01-01'::timestamptz + n * interval '1 hour'
    FROM generate_series(1, 100) AS n;
    CREATE TABLE colours (name text, PRIMARY KEY (name));
    INSERT INTO colours VALUES ('red'), ('green')
"""


@pytest.fixture
def journey(api: httpx.Client, sandbox: Sandbox, database: Database) -> Journey:
    """A source that is checked and has its two tables selected, one by its key and one whole."""
    database.run(TABLES)
    sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    journey = Journey(api, database)
    journey.create()
    sandbox.wait_idle()
    journey.select("orders", replication_method="INCREMENTAL", replication_key="changed_at")
    journey.select("colours", replication_method="FULL_TABLE")
    return journey


def run(sandbox: Sandbox, journey: Journey) -> None:
    journey.start()
    sandbox.wait_idle()


def test_rows_land_by_the_column_and_the_log_says_so(sandbox: Sandbox, journey: Journey) -> None:
    run(sandbox, journey)

    assert journey.ended() == GOOD
    assert landed(sandbox, "orders") == list(range(1, 101))
    assert landed(sandbox, "colours", "name") == ["green", "red"]
    log = journey.log()
    assert "orders: loaded 100 rows by column" in log
    assert PASSWORD not in log


def test_arrays_are_loaded_record_by_record_and_the_log_says_so(sandbox: Sandbox, journey: Journey) -> None:
    journey.database.run("ALTER TABLE colours ADD tags text[] DEFAULT '{a,b}'")
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "1000"}})
    sandbox.wait_idle()

    run(sandbox, journey)

    assert "colours: loaded 2 rows record by record (field tags holds arrays)" in journey.log()
    assert sandbox.warehouse.table("shop.colours__tags")["value"].tolist() == ["a", "b", "a", "b"]


def test_a_later_job_upserts_what_changed_and_replaces_what_is_read_whole(sandbox: Sandbox, journey: Journey) -> None:
    run(sandbox, journey)
    before = sandbox.warehouse.table("shop.orders")
    journey.database.run(
        """UPDATE orders SET title = 'changed', changed_at = '2026-02-01' WHERE id = 7;
           INSERT INTO orders VALUES (101, 'new', '2026-02-02'); DELETE FROM colours WHERE name = 'red'"""
    )

    run(sandbox, journey)

    after = sandbox.warehouse.table("shop.orders")
    assert after["id"].tolist() == list(range(1, 102))
    assert after.set_index("id")["title"][7] == "changed"
    touched = after["_sdc_sequence"] > before["_sdc_sequence"].max()
    assert after["id"][touched].tolist() == [7, 100, 101], "the last row comes again, for the bookmark is inclusive"
    assert landed(sandbox, "colours", "name") == ["green"]


def test_a_table_that_was_emptied_is_emptied_in_the_warehouse(sandbox: Sandbox, journey: Journey) -> None:
    run(sandbox, journey)
    journey.database.run("TRUNCATE colours")

    run(sandbox, journey)

    assert journey.ended() == GOOD
    assert landed(sandbox, "colours", "name") == []


def test_rows_that_were_read_have_landed_or_were_rejected(sandbox: Sandbox, journey: Journey) -> None:
    journey.database.run("ALTER TABLE orders ADD due timestamp; UPDATE orders SET due = 'infinity' WHERE id < 4")
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "1000"}})
    sandbox.wait_idle()

    run(sandbox, journey)

    assert journey.ended() == GOOD
    assert landed(sandbox, "orders") == list(range(4, 101))
    assert len(sandbox.warehouse.table("shop._sdc_rejected")) == 3
    assert "orders: loaded 97 rows by column, rejected 3" in journey.log()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP TABLE orders", "public-orders: the table is no longer in the database"),
        (
            "ALTER TABLE orders ALTER changed_at TYPE text",
            "public-orders: the replication key changed_at has type text",
        ),
    ],
)
def test_a_table_that_changed_since_the_discovery_fails_the_tap_and_the_others_have_landed(
    sandbox: Sandbox, journey: Journey, change: str, expected: str
) -> None:
    journey.database.run(change)

    run(sandbox, journey)

    ended = journey.ended()
    assert (ended["discovery"], ended["tap"][0], ended["target"]) == ((0, None), 1, (None, None))
    assert expected in str(ended["tap"][1])
    assert expected in journey.log()
    assert journey.api.get("/v4/sources").status_code == 200


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"password": "hunter2"}, 'FATAL:  password authentication failed for user "postgres"'),
        ({"port": "1"}, "Connection refused"),
        ({"ssl": "true"}, "server does not support SSL, but SSL was required"),
    ],
    ids=["wrong password", "nobody listens", "TLS refused"],
)
def test_what_does_not_connect_any_more_fails_the_tap_until_it_is_mended(
    sandbox: Sandbox, journey: Journey, changed: dict[str, str], expected: str
) -> None:
    before = {**journey.database.properties(), "password": PASSWORD}
    answer = journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": changed})
    assert answer.status_code == 200, answer.text
    sandbox.wait_idle()

    run(sandbox, journey)

    ended = journey.ended()
    assert (ended["tap"][0], ended["target"]) == (1, (None, None))
    assert expected in str(ended["tap"][1])
    assert "hunter2" not in str(ended["tap"][1])
    mended = {name: before[name] for name in changed}
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": mended})
    sandbox.wait_idle()
    run(sandbox, journey)
    assert journey.ended() == GOOD


def test_a_connection_lost_in_the_middle_fails_the_tap_and_the_next_job_goes_on(
    sandbox: Sandbox, journey: Journey
) -> None:
    with_many_orders(sandbox, journey)
    journey.start()
    wait_for_rows(sandbox)

    journey.database.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stitchnb'")
    sandbox.wait_idle()

    status, message = journey.ended()["tap"]
    assert status == 1
    assert f"{journey.database.name}-public-orders: " in str(message)
    some = landed(sandbox, "orders")
    assert 0 < len(some) < 20_100
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "100000"}})
    sandbox.wait_idle()
    run(sandbox, journey)
    assert journey.ended() == GOOD
    assert landed(sandbox, "orders") == list(range(1, 20_101))
    assert "extracted 20,100 rows" not in journey.log()


def test_a_view_without_keys_fails_its_job_and_is_named(sandbox: Sandbox, journey: Journey) -> None:
    journey.database.run("CREATE VIEW late AS SELECT id FROM orders WHERE id > 50")
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "1000"}})
    sandbox.wait_idle()
    journey.select("late", replication_method="FULL_TABLE")

    run(sandbox, journey)

    assert journey.ended()["tap"] == (1, "stream 'late' is a view and has no view-key-properties")


def test_a_job_is_stopped_in_the_middle_of_a_long_query(sandbox: Sandbox, journey: Journey) -> None:
    journey.database.run("CREATE VIEW slow AS SELECT id, pg_sleep(600)::text AS nap FROM orders")
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "1000"}})
    sandbox.wait_idle()
    journey.select("slow", replication_method="FULL_TABLE", view_key_properties=["id"])
    journey.start()
    wait_until_asleep(journey.database)

    begun = time.monotonic()
    journey.stop()
    sandbox.wait_idle()

    assert time.monotonic() - begun < 300
    assert set(journey.ended().values()) == {(None, "Terminated")}
    assert landed(sandbox, "colours", "name") == ["green", "red"], "what had landed before stays"


def test_a_closing_sandbox_does_not_wait_for_a_long_query(database: Database) -> None:
    database.run("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(600)::text AS nap")
    with Sandbox(pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
        journey = Journey(api, database)
        journey.create()
        sandbox.wait_idle()
        journey.select("slow", replication_method="FULL_TABLE", view_key_properties=["id"])
        journey.start()
        wait_until_asleep(database)
        begun = time.monotonic()

    assert time.monotonic() - begun < 300


@pytest.mark.slow
def test_kills_in_the_middle_lose_no_row_and_double_none(database: Database, tmp_path: Path) -> None:
    """The table has no key to upsert by but the one that its bookmark goes by, and is read a hundred rows at a time."""
    database.run(
        """CREATE TABLE orders (id int PRIMARY KEY, title text);
           INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, 20000) AS n"""
    )
    path = tmp_path / "sandbox"
    kept: list[int] = []
    for delay_s in (1.0, 0.6, 1.4, None):
        child = Child(path)
        journey = Journey(child.api, database, source_id=int(next(iter(child.sources()), 0)))
        if not journey.source_id:
            journey.create(itersize="100")
            child.wait_idle()
            journey.select("orders", replication_method="INCREMENTAL", replication_key="id")
        journey.start()
        if delay_s is None:
            child.wait_idle()
            assert journey.ended() == GOOD
        else:
            # Wherever the kill comes, what is asserted below holds.
            time.sleep(delay_s)
        child.kill()
        with Sandbox(path, seed=None, pace_s=0) as again:
            tables = again.warehouse.tables()
            kept.append(int(tables["rows"].max()) if len(tables) else 0)
            rows = landed(again, "orders") if len(tables) else []
        assert rows == list(range(1, len(rows) + 1)), "whole batches, in order, each once"

    assert kept == sorted(kept), "what had landed is still there"
    assert kept[-1] == 20_000


class Child:
    """A sandbox in a process of its own, to be killed."""

    CODE = (
        "import json, sys; from stitchnb.sandbox import Sandbox, connectors\n"
        "with Sandbox(sys.argv[1], pace_s=0, token='child') as sandbox:\n"
        "    sandbox.connectors['platform.hp-postgres'] = connectors.Postgres()\n"
        "    print(json.dumps(sandbox.url), flush=True); sys.stdin.read()"
    )

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", self.CODE, str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        url = json.loads(self._process.stdout.readline())
        self.api = httpx.Client(base_url=url, headers={"Authorization": "Bearer child"}, timeout=60)

    def sources(self) -> list[int]:
        return [source["id"] for source in self.api.get("/v4/sources").json()]

    def wait_idle(self) -> None:
        while self.api.get("/_sandbox").raise_for_status().json()["running"]:
            time.sleep(0.02)

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()
        self.api.close()


def with_many_orders(sandbox: Sandbox, journey: Journey) -> None:
    """So many, and so few at a time, that a job takes seconds, and so large that they do not wait in buffers."""
    journey.database.run(
        """INSERT INTO orders SELECT n, repeat('long', 500), '2026-02-01'::timestamptz + n * interval '1 second'
           FROM generate_series(101, 20100) AS n"""
    )
    journey.api.put(f"/v4/sources/{journey.source_id}", json={"properties": {"itersize": "100"}})
    sandbox.wait_idle()


def wait_for_rows(sandbox: Sandbox) -> None:
    wait_until(lambda: set(sandbox.warehouse.tables()["table"]), lambda tables: "orders" in tables, what="a row")


def wait_until_asleep(database: Database) -> None:
    """Wait until the query of a view that sleeps is under way."""
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stitchnb' AND query LIKE '%slow%'"
    wait_until(lambda: database.connection.execute(asleep).fetchone(), lambda found: found != (0,), what="the query")


def test_a_bound_type_keeps_nothing_of_the_seeded_streams(journey: Journey) -> None:
    streams: list[dict[str, Any]] = journey.api.get(f"/v4/sources/{journey.source_id}/streams").json()

    assert [stream["stream_name"] for stream in streams] == ["colours", "orders"]
