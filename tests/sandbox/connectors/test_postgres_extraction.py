"""Which rows of a real PostgreSQL a job reads: whole tables, from a bookmark on, and all of one moment."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from polling import wait_until
from postgres_runs import extracted, records, stream_of
from postgres_server import Database

from stitchnb.sandbox.connectors import csv_records as csv_parts
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context

ORDERS = """
    CREATE TABLE orders (id int PRIMARY KEY, at timestamptz, "Total, ""net"", all" numeric(9, 2), day date);
    INSERT INTO orders VALUES
        (1, '2026-01-03 00:00Z', 1, '2026-01-01'), (2, '2026-01-01 00:00Z', 2, 'infinity'),
        (3, NULL, 3, '0044-03-15 BC'),
        (4, '2026-01-02 12:00:00.25+02', 4, NULL), (5, 'infinity', 5, '2026-01-03');
"""


@pytest.fixture
def shop(database: Database) -> Database:
    database.run(ORDERS)
    return database


def ids(database: Database, key: str, state: dict[str, Any] | None = None, **properties: str) -> list[int]:
    stream = stream_of(database, "orders", key=key)
    kept = {stream.tap_stream_id: state} if state else {}
    return [record["id"] for record in records(extracted(database, stream, state=kept, **properties))]


def last_bookmark(database: Database, key: str, state: dict[str, Any] | None = None) -> Any:
    stream = stream_of(database, "orders", key=key)
    kept = {stream.tap_stream_id: state} if state else {}
    return [batch.bookmark for batch in extracted(database, stream, state=kept)][-1]


def test_a_full_table_gives_every_row_and_no_bookmark(shop: Database) -> None:
    (batch,) = extracted(shop, stream_of(shop, "orders"))

    assert (len(batch.records), batch.bookmark) == (5, {})


def test_an_empty_full_table_gives_one_batch_without_rows_so_that_the_table_is_replaced(shop: Database) -> None:
    shop.run("TRUNCATE orders")

    assert [list(batch.records) for batch in extracted(shop, stream_of(shop, "orders"))] == [[]]


def test_the_first_incremental_job_gives_rows_in_the_order_of_the_key_and_those_without_before(shop: Database) -> None:
    assert ids(shop, "at") == [3, 5, 2, 4, 1]
    assert last_bookmark(shop, "at") == {"at": "2026-01-03T00:00:00Z"}


def test_later_jobs_begin_with_the_bookmark_itself_and_leave_out_rows_without_a_key(shop: Database) -> None:
    assert ids(shop, "at", {"at": "2026-01-02T10:00:00.25Z"}) == [4, 1]
    assert ids(shop, "at", {"at": "2026-01-02T10:00:00.250001Z"}) == [1]


def test_an_integer_is_a_key_too(shop: Database) -> None:
    assert ids(shop, "id", {"id": 4}) == [4, 5]
    assert last_bookmark(shop, "id", {"id": 4}) == {"id": 5}


def test_a_bookmark_before_christ_is_understood_again(shop: Database) -> None:
    shop.run("UPDATE orders SET day = NULL WHERE id <> 3")

    bookmark = last_bookmark(shop, "day")

    assert bookmark == {"day": "-0043-03-15T00:00:00Z"}
    assert ids(shop, "day", bookmark) == [3]


def test_no_new_rows_give_no_batch(shop: Database) -> None:
    assert ids(shop, "at", {"at": "2027-01-01T00:00:00Z"}) == []


def test_the_form_may_limit_an_incremental_job(shop: Database) -> None:
    assert ids(shop, "id", {"id": 1}, incremental_limit="2") == [1, 2]


def test_a_view_is_read_like_a_table(shop: Database) -> None:
    shop.run("CREATE VIEW late AS SELECT * FROM orders WHERE id > 2")
    stream = stream_of(shop, "late", key="id", key_properties=("id",))

    assert [record["id"] for record in records(extracted(shop, stream))] == [3, 4, 5]


def test_only_the_selected_fields_are_read_whatever_their_names(shop: Database) -> None:
    stream = stream_of(shop, "orders")
    name = 'Total, "net", all'
    schema = {**stream.schema, "properties": {name: stream.schema["properties"][name]}}

    found = records(extracted(shop, stream_of(shop, "orders", schema=schema, key_properties=())))

    assert found[0] == {name: Decimal("1.00")}


def test_a_batch_has_at_most_as_many_rows_as_the_form_says(shop: Database) -> None:
    stream = stream_of(shop, "orders", key="id")

    sizes = [(len(batch.records), batch.bookmark) for batch in extracted(shop, stream, itersize="2")]

    assert sizes == [(2, {"id": 2}), (2, {"id": 4}), (1, {"id": 5})]


def test_every_stream_of_a_job_is_read_as_it_was_at_one_moment(shop: Database) -> None:
    shop.run("CREATE TABLE lines (id int PRIMARY KEY); INSERT INTO lines VALUES (1)")
    batches = iter(extracted(shop, stream_of(shop, "orders", key="id"), stream_of(shop, "lines"), itersize="1"))
    first = list(next(batches).records)
    shop.run("INSERT INTO lines VALUES (2); DELETE FROM orders WHERE id > 1")
    rest = records(batches)

    assert [record["id"] for record in first] == [1]
    assert [record["id"] for record in rest] == [2, 3, 4, 5, 1]


def test_files_are_bounded_and_gone_when_a_batch_is_done(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "PART_BYTES", 10_000)
    shop.run("INSERT INTO orders (id) SELECT number FROM generate_series(10, 5000) AS number")
    seen: list[Batch] = []

    for batch in extracted(shop, stream_of(shop, "orders")):
        assert batch.records.path.stat().st_size < 15_000  # type: ignore[attr-defined]
        seen.append(batch)

    assert sum(len(batch.records) for batch in seen) == 4996
    assert len(seen) > 3
    assert not any(batch.records.path.parent.parent.exists() for batch in seen)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("DROP TABLE orders", "the table is no longer in the database"),
        ("ALTER TABLE orders DROP COLUMN at", "the table no longer has its replication key at"),
        ("ALTER TABLE orders DROP COLUMN id", "the table no longer has its primary key id"),
        ("ALTER TABLE orders ALTER COLUMN at TYPE text", "the replication key at has type text"),
        ("REVOKE SELECT ON orders FROM clerk", "the table is no longer in the database"),
    ],
)
def test_what_changed_since_the_discovery_is_told(shop: Database, change: str, expected: str) -> None:
    stream = stream_of(shop, "orders", key="at")
    shop.run("CREATE ROLE clerk LOGIN PASSWORD 'clerk'; GRANT SELECT ON orders TO clerk")
    try:
        shop.run(change)
        with pytest.raises(ConnectorError, match=expected) as refused:
            records(extracted(shop, stream, user="clerk", password="clerk"))
    finally:
        shop.run("DROP OWNED BY clerk; DROP ROLE clerk")

    assert str(refused.value).startswith(f"{shop.name}-public-orders: ")


def test_a_key_that_changed_its_kind_does_not_go_on_from_its_bookmark(shop: Database) -> None:
    with pytest.raises(ConnectorError, match=r"orders: ERROR:  invalid input syntax for type integer"):
        ids(shop, "id", {"id": "2026-01-01T00:00:00Z"})


def test_a_column_that_was_dropped_is_left_out(shop: Database) -> None:
    stream = stream_of(shop, "orders")
    shop.run("ALTER TABLE orders DROP COLUMN day")

    assert "day" not in records(extracted(shop, stream))[0]


def test_the_servers_log_is_not_read(shop: Database) -> None:
    stream = stream_of(shop, "orders", replication_method="LOG_BASED")

    with pytest.raises(ConnectorError, match="Set the stream's replication-method to INCREMENTAL or FULL_TABLE"):
        records(extracted(shop, stream))


def test_a_connection_that_is_lost_is_told_with_the_stream(shop: Database) -> None:
    shop.run("INSERT INTO orders (id) SELECT number FROM generate_series(10, 200000) AS number")
    batches = iter(extracted(shop, stream_of(shop, "orders"), itersize="10"))
    next(batches)

    shop.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stitchnb'")

    with pytest.raises(ConnectorError, match=r"orders: .*(terminat|closed|lost)"):
        records(batches)


def test_a_query_that_takes_long_is_broken_off_when_the_job_is_to_stop(shop: Database) -> None:
    shop.run("CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(600)::text AS nap")
    context = Context()
    asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"

    def stop() -> None:
        wait_until(lambda: shop.connection.execute(asleep).fetchone(), lambda found: found == (1,), what="the query")
        context.stop.set()

    stopping = threading.Thread(target=stop)
    streams = stream_of(shop, "slow")
    begun = time.monotonic()
    stopping.start()

    with pytest.raises(ConnectorError, match="canceling statement due to user request"):
        records(extracted(shop, streams, context=context))

    stopping.join()
    assert time.monotonic() - begun < 300


def test_an_extraction_that_nobody_follows_to_its_end_leaves_no_query_behind(shop: Database) -> None:
    shop.run("INSERT INTO orders (id) SELECT number FROM generate_series(10, 200000) AS number")
    batches: Any = extracted(shop, stream_of(shop, "orders"), itersize="10")
    next(iter(batches))

    batches.close()

    busy = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'stitchnb' AND datname = current_database()"
    wait_until(lambda: shop.connection.execute(busy).fetchone(), lambda found: found == (0,), what="the query's end")
