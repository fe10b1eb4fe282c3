"""A million rows of a real PostgreSQL into the warehouse, beside reading them and throwing them away."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from postgres_server import Database, running_server
from replication_job import Measured, replicate, replicate_with_dlt
from singer_pair import TAP, TARGET, SingerPair

pytestmark = pytest.mark.benchmark

ROWS = 1_000_000
ROUNDS = 5
# Ten columns of the usual kinds.
ORDERS = """
    CREATE TABLE orders (
        id bigint PRIMARY KEY, customer_id int, amount numeric(12,2), ratio float8, paid boolean, title text,
        token text, created_at timestamptz, updated_at timestamptz, due date
    );
    INSERT INTO orders
    SELECT n, n * 7919 % 100000, (n % 100000) / 100.0, n * 0.37, n % 3 = 0, 'order number ' || n,
           CASE WHEN n % 5 > 0 THEN md5(n::text) END, timestamptz '2020-01-01' + n * interval '13 seconds',
           timestamptz '2024-01-01' + n * interval '1.5 seconds', date '2020-01-01' + (n % 2000)::int
    FROM generate_series({first}::bigint, {last}) AS n;
"""
COPY = "COPY (SELECT * FROM orders ORDER BY updated_at) TO STDOUT (FORMAT csv)"


@pytest.fixture(scope="module")
def shop(unavailable: Callable[[str], NoReturn]) -> Iterator[Database]:
    """A million orders, with an index on what they are read by."""
    with running_server(unavailable) as server, server.database() as database:
        database.run(ORDERS.format(first=1, last=ROWS))
        database.run("CREATE INDEX ON orders (updated_at); ANALYZE orders; CHECKPOINT")
        yield database


def read_and_throw_away(database: Database) -> float:
    """The floor: what the server and its library alone take."""
    begun = time.perf_counter()
    with database.server.connect(database.name) as connection, connection.cursor().copy(COPY) as rows:
        for _ in rows:
            pass
    return time.perf_counter() - begun


def told(measured: Measured, rows: int) -> str:
    return (
        f"{measured.seconds:.2f} s, {rows / measured.seconds / 1000:.0f}k rows/s, {measured.cpu_s:.1f} s of processors,"
        f" peak {measured.peak_mb:.0f} MB of which {measured.at_start_mb:.0f} MB were there before"
    )


def test_a_million_rows_land_in_bounded_memory(shop: Database, tmp_path: Path, report: Callable[[str], None]) -> None:
    floors, jobs = [], []
    for number in range(ROUNDS):
        floors.append(read_and_throw_away(shop))
        jobs.append(replicate(tmp_path / f"sandbox{number}", shop.properties()))
    floor, best = min(floors), min(jobs, key=lambda job: job.seconds)

    report(f"{ROWS:,} rows: read and thrown away {floor:.2f} s; landed {told(best, ROWS)}; {floor / best.seconds:.2f}")
    assert {job.rows for job in jobs} == {ROWS}
    assert all(job.ended == [0, 0, 0] for job in jobs)
    assert floor / best.seconds >= 0.4
    assert max(job.peak_mb for job in jobs) < 400


def test_dlt_takes_longer(
    shop: Database, tmp_path: Path, report: Callable[[str], None], unavailable: Callable[[str], NoReturn]
) -> None:
    """Beside the backend of dlt that is its fastest, on the same rows, keyed and incremental as well."""
    if importlib.util.find_spec("dlt") is None or importlib.util.find_spec("connectorx") is None:
        unavailable("dlt is not installed: uv sync --group bench")
    theirs, ours = [], []
    for number in range(3):
        theirs.append(replicate_with_dlt(tmp_path / f"dlt{number}.duckdb", shop.properties()))
        ours.append(replicate(tmp_path / f"against{number}", shop.properties()))
    slower, faster = min(job.seconds for job in theirs), min(job.seconds for job in ours)

    report(f"dlt with connectorx {told(theirs[0], theirs[0].rows)}; the sandbox {slower / faster:.1f} times as fast")
    assert theirs[0].rows == ours[0].rows
    assert slower / faster >= 2


def test_a_singer_tap_into_a_singer_target_takes_much_longer(
    shop: Database,
    tmp_path: Path,
    report: Callable[[str], None],
    unavailable: Callable[[str], NoReturn],
    original_environment: Mapping[str, str],
) -> None:
    """The faster of two taps that were tried, on the same rows, keyed and incremental as well."""
    pair = SingerPair.installed(tmp_path, original_environment, unavailable)

    jobs = [replicate(tmp_path / "against", shop.properties())]
    seconds, rows = pair.replicate(shop.properties())
    jobs.append(replicate(tmp_path / "again", shop.properties()))
    ours = min(jobs, key=lambda job: job.seconds)

    report(
        f"{TAP} | {TARGET}: {seconds:.0f} s, {rows / seconds / 1000:.1f}k rows/s, {ours.rows - rows} rows lost; "
        f"the sandbox {ours.rows / ours.seconds / 1000:.0f}k rows/s, {seconds / ours.seconds:.0f} times as fast"
    )
    assert rows >= ours.rows - 10
    assert seconds / ours.seconds >= 20


def test_a_later_job_takes_in_what_changed(shop: Database, tmp_path: Path, report: Callable[[str], None]) -> None:
    path = tmp_path / "sandbox"
    first = replicate(path, shop.properties())
    nothing_new = replicate(path, shop.properties())
    shop.run("UPDATE orders SET updated_at = '2025-01-01', title = 'changed' WHERE id % 10 = 3")
    changed = replicate(path, shop.properties())

    report(f"nothing new in {ROWS:,} rows {nothing_new.seconds:.2f} s, {nothing_new.seconds / first.seconds:.3f}")
    report(f"{ROWS // 10:,} changed rows into {ROWS:,}: {told(changed, ROWS // 10)}")
    assert {first.rows, nothing_new.rows, changed.rows} == {ROWS}
    assert nothing_new.seconds < 1
    assert changed.seconds < first.seconds


def test_memory_does_not_grow_with_the_rows(shop: Database, tmp_path: Path, report: Callable[[str], None]) -> None:
    one = replicate(tmp_path / "one", shop.properties())
    shop.run("INSERT INTO orders SELECT id + 1000000, customer_id, amount, ratio, paid, title, token, created_at, "
             "updated_at + interval '2 years', due FROM orders")  # fmt: skip
    two = replicate(tmp_path / "two", shop.properties())

    report(f"{one.rows:,} rows {one.peak_mb:.0f} MB, {two.rows:,} rows {two.peak_mb:.0f} MB")
    assert two.rows == 2 * one.rows
    assert two.peak_mb < 400
    assert two.peak_mb < one.peak_mb * 1.25
