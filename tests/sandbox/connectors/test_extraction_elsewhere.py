"""Sources that are extracted in a pool of processes and on a Dask cluster leave the tables that they always do."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

import httpx
import loopback
import pytest
import recurly_facts as recurly
from distributed import Client, LocalCluster
from postgres_journeys import GOOD, Journey
from postgres_runs import contents
from postgres_server import PASSWORD, Database
from singer_taps import SHOP, Taps

import stitchnb
from stitchnb.sandbox import connectors

pytestmark = pytest.mark.slow

TABLES = """
    CREATE TABLE orders (id int PRIMARY KEY, title text, changed_at timestamptz, tags text[], due timestamp);
    INSERT INTO orders SELECT n, 'order "' || n || E'", one\\nof many', '2026-01-01'::timestamptz + n * interval '1 h',
    CASE WHEN n % 500 = 0 THEN '{a,b}'::text[] END, CASE WHEN n % 700 = 0 THEN timestamp 'infinity' END
    FROM generate_series(1, 2500) AS n;
    CREATE TABLE prices (name text PRIMARY KEY, price numeric, at_noon float8);
    INSERT INTO prices SELECT 'number ' || n, n / 7.0, CASE WHEN n % 3 = 0 THEN 'NaN' ELSE n * 0.1 END
    FROM generate_series(1, 1500) AS n;
    CREATE TABLE nothing (id int PRIMARY KEY)
"""
STREAMS = {
    "orders": {"replication_method": "INCREMENTAL", "replication_key": "changed_at"},
    "prices": {"replication_method": "FULL_TABLE"},
    "nothing": {"replication_method": "FULL_TABLE"},
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """Two processes of this machine, which stay on it as the tests do."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(processes=True, **settings) as cluster, Client(cluster) as client:
        client.run(loopback.install)
        yield client


@pytest.fixture(params=["processes", "Dask"])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "Dask":
        client: Client = request.getfixturevalue("cluster")
        with client.get_executor(pure=False) as executor:
            yield executor
        attempts = client.run(_attempts)
        assert all(attempt == [] for attempt in attempts.values()), attempts
    else:
        with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
            yield executor


def _attempts() -> list[str]:
    """What a worker has tried to reach of other machines."""
    return loopback.ATTEMPTS


def replicated(database: Database, executor: Executor | None) -> dict[str, Sequence[Any]]:
    """Run two jobs of the tables, the second after a change, and read everything that has landed."""
    with stitchnb.Sandbox(clock=recurly.NOON, pace_s=0, executor=executor) as sandbox, httpx.Client(timeout=60) as api:
        api.base_url = httpx.URL(sandbox.url)
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
        journey = Journey(api, database)
        journey.create(itersize="1000")
        sandbox.wait_idle()
        for name, metadata in STREAMS.items():
            journey.select(name, **metadata)
        for title in ("before", "after"):
            database.run(f"UPDATE orders SET title = '{title}', changed_at = '2026-03-01' WHERE id < 4")
            journey.start()
            sandbox.wait_idle()
            assert journey.ended() == GOOD
            assert PASSWORD not in journey.log()
        return contents(sandbox.warehouse, "shop")


def tapped(tap: connectors.Singer, executor: Executor | None) -> dict[str, Sequence[Any]]:
    """Run one job of a tap, and read everything that has landed."""
    with stitchnb.Sandbox(clock=recurly.NOON, pace_s=0, executor=executor) as sandbox, sandbox.client() as client:
        sandbox.connectors["platform.recurly"] = tap
        form = recurly.CREATE["properties"]
        source = client.sources.create("platform.recurly", display_name="Shop", properties=form)
        sandbox.wait_idle()
        source.pause()
        source.select("orders", ["note"])
        source.select("countries", ["name"])
        job = source.start_job()
        sandbox.wait_idle()
        assert "INFO orders since ever" in job.log()
        return contents(sandbox.warehouse, "shop")


def test_a_database_s_tables_are_identical_wherever_they_are_extracted(database: Database, executor: Executor) -> None:
    database.run(TABLES)
    here = replicated(database, None)

    elsewhere = replicated(database, executor)

    assert {"orders", "orders__tags", "prices", "_sdc_rejected"} <= set(here)
    assert elsewhere == here


def test_a_tap_s_tables_are_identical_wherever_it_runs(taps: Taps, executor: Executor) -> None:
    tap = connectors.Singer(taps.folder / taps.write("tap-shop", SHOP))
    taps.orders((1, "first", "05"), (2, "second", "06"))
    here = tapped(tap, None)
    runs_here = len(taps.runs)

    elsewhere = tapped(tap, executor)

    assert {"orders", "countries"} <= set(here)
    assert elsewhere == here
    assert {run["parent"] for run in taps.runs[:runs_here]} == {os.getpid()}
    assert os.getpid() not in {run["parent"] for run in taps.runs[runs_here:]}
