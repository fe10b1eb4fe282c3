"""One replication job of a real PostgreSQL in a process of its own; run as a script, it is that process."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TYPE = "platform.hp-postgres"
DLT = "with dlt"
DRIVERS = ("postgresql+psycopg", "postgresql")


@dataclass(frozen=True)
class Measured:
    """What one job took.

    Attributes
    ----------
    peak_mb
        Most memory that its process held, libraries included.
    cpu_s
        Seconds of processors that its process took; the server's are not in it.
    at_start_mb
        What the process held before the job.
    """

    seconds: float
    cpu_s: float
    peak_mb: float
    at_start_mb: float
    rows: int
    ended: list[int | None]


def replicate_with_dlt(warehouse: Path, properties: Mapping[str, str]) -> Measured:
    """Bring the table ``orders`` into a DuckDB file with dlt, in a child process."""
    command = [sys.executable, __file__, str(warehouse), json.dumps(dict(properties)), DLT]
    # Nothing is to be told to anybody, and nothing kept in a home.
    settings = {"RUNTIME__DLTHUB_TELEMETRY": "false", "DLT_DATA_DIR": f"{warehouse}.data"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **settings})
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def replicate(warehouse: Path, properties: Mapping[str, str], key: str = "updated_at") -> Measured:
    """Run a job of the table ``orders`` in a child process, on a sandbox that is kept in a file."""
    command = [sys.executable, __file__, str(warehouse), json.dumps(dict(properties)), key]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def main(path: str, properties: dict[str, str], key: str) -> None:
    import httpx

    from stitchnb.sandbox import Sandbox, connectors

    with Sandbox(path, pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url, timeout=60) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        sandbox.connectors[TYPE] = connectors.Postgres()
        sources = api.get("/v4/sources").json()
        source_id = sources[0]["id"] if sources else create(api, sandbox, properties, key)
        assert sandbox.warehouse.sql("SELECT 1").shape == (1, 1)
        at_start = peak_mb()
        begun, cpu_begun = time.perf_counter(), time.process_time()
        assert "job_name" in api.post(f"/v4/sources/{source_id}/sync").json()
        sandbox.wait_idle()
        seconds, cpu_s = time.perf_counter() - begun, time.process_time() - cpu_begun
        peak = peak_mb()
        (last,) = api.get(f"/v4/{sandbox.client_id}/extractions").json()["data"]
        (rows,) = sandbox.warehouse.sql("SELECT count(*) AS rows FROM shop.orders")["rows"]
        ended = [last[f"{part}_exit_status"] for part in ("discovery", "tap", "target")]
        told = Measured(seconds, cpu_s, peak, at_start, int(rows), ended)
        print(json.dumps(told.__dict__))


def main_of_dlt(path: str, properties: dict[str, str]) -> None:
    import dlt
    import duckdb
    from dlt.sources.sql_database import sql_database
    from sqlalchemy.engine import URL

    at = URL.create(
        DRIVERS[0],
        properties["user"],
        properties["password"],
        properties["host"],
        int(properties["port"]),
        properties["dbname"],
    )
    url, address = (at.set(drivername=driver).render_as_string(hide_password=False) for driver in DRIVERS)
    at_start, begun, cpu_begun = peak_mb(), time.perf_counter(), time.process_time()
    source = sql_database(url, table_names=["orders"], backend="connectorx", backend_kwargs={"conn": address})
    source.orders.apply_hints(
        primary_key="id", write_disposition="merge", incremental=dlt.sources.incremental("updated_at")
    )
    dlt.pipeline("shop", destination=dlt.destinations.duckdb(path), dataset_name="shop").run(source)
    seconds, cpu_s = time.perf_counter() - begun, time.process_time() - cpu_begun
    (rows,) = duckdb.connect(path).execute("SELECT count(*) FROM shop.orders").fetchall()[0]
    print(json.dumps(Measured(seconds, cpu_s, peak_mb(), at_start, rows, [0, 0, 0]).__dict__))


def create(api: Any, sandbox: Any, properties: dict[str, str], key: str) -> int:
    """Create the source and select its table."""
    properties = {**properties, "frequency_in_minutes": "1440"}
    body = {"type": TYPE, "display_name": "Shop", "properties": properties}
    source_id: int = api.post("/v4/sources", json=body).json()["id"]
    sandbox.wait_idle()
    method = {"replication-method": "INCREMENTAL", "replication-key": key} if key else {}
    metadata = {"selected": True, **(method or {"replication-method": "FULL_TABLE"})}
    selected = {
        "tap_stream_id": f"{properties['dbname']}-public-orders",
        "metadata": [{"breadcrumb": [], "metadata": metadata}],
    }
    answer = api.put(f"/v4/sources/{source_id}/streams/metadata", json={"streams": [selected]})
    assert answer.json() == {"status": 200}, answer.text
    return source_id


def peak_mb() -> float:
    """Most memory that this process has held."""
    if sys.platform == "darwin":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    # In its resource usage Linux counts what the process that started this one held as well.
    (held_kb,) = re.findall(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text("ascii"), re.MULTILINE)
    return int(held_kb) / 1e3


if __name__ == "__main__":
    if sys.argv[3] == DLT:
        main_of_dlt(sys.argv[1], json.loads(sys.argv[2]))
    else:
        main(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])
