"""The embedded warehouse is full, locked or gone: each is said, nothing is lost, and the sandbox goes on serving."""

from __future__ import annotations

import random
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pipeline_messages as messages
import pytest

from stitchnb.errors import SandboxError
from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.pipeline import Batch, Context, DiscoveredStream, LoadBatch, SelectedStream, WarehouseError
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TYPE = "platform.shopify"
CREATE = {
    "type": TYPE,
    "display_name": "Shop",
    "properties": {"shop": "acme", "start_date": "2025-09-01T00:00:00Z", "api_key": "k"},
}
FIELDS = {"id": {"type": ["null", "integer"]}, "text": {"type": ["null", "string"]}}
STREAM = SelectedStream("rows", "rows", {"type": "object", "properties": FIELDS}, (), "INCREMENTAL", "id")

# Holds the file that it is given until its input ends.
HOLDING = """
import sys; from pathlib import Path
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse
with DuckDBWarehouse(Path(sys.argv[1])):
    print("open", flush=True); sys.stdin.read()
"""


def rows(first: int, count: int) -> list[dict[str, Any]]:
    """Rows of a kilobyte that no compression makes smaller."""
    draw = random.Random(first)
    return [{"id": first + number, "text": draw.randbytes(500).hex()} for number in range(count)]


@dataclass(frozen=True)
class Much:
    """Six batches of two megabytes, without a key: what landed twice would be there twice."""

    def check(self, properties: Mapping[str, Any], context: Context | None = None) -> None:
        pass

    def discover(self, properties: Mapping[str, Any], context: Context | None = None) -> list[DiscoveredStream]:
        metadata = {
            "table-key-properties": [],
            "forced-replication-method": "INCREMENTAL",
            "valid-replication-keys": ["id"],
        }
        text = {"inclusion": "available", "selected-by-default": True}
        return [DiscoveredStream("rows", "rows", STREAM.schema, {(): metadata, ("properties", "text"): text})]

    def extract(
        self,
        properties: Mapping[str, Any],
        streams: Sequence[SelectedStream],
        state: Mapping[str, Mapping[str, Any]],
        now: datetime,
        context: Context | None = None,
    ) -> Iterator[Batch]:
        for first in range(state.get("rows", {}).get("id", 0), 12_000, 2_000):
            yield Batch(streams[0], rows(first, 2_000), now, {"id": first + 2_000})


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size, as a full disk would."""
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))


@dataclass
class Shop:
    """A sandbox that is kept in files, with one source."""

    sandbox: Sandbox
    api: httpx.Client
    source_id: int = 0

    def create(self) -> None:
        self.sandbox.connectors[TYPE] = Much()
        self.source_id = self.api.post("/v4/sources", json=CREATE).json()["id"]
        self.sandbox.wait_idle()
        selected = {"tap_stream_id": "rows", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        path = f"/v4/sources/{self.source_id}/streams/metadata"
        assert self.api.put(path, json={"streams": [selected]}).json() == {"status": 200}

    def run(self) -> tuple[Any, ...]:
        """Run a job; tells how its tap and its target ended, and what its load says."""
        assert "job_name" in self.api.post(f"/v4/sources/{self.source_id}/sync").json()
        self.sandbox.wait_idle()
        (last,) = self.api.get("/v4/116078/extractions").json()["data"]
        (load,) = self.api.get("/v4/116078/loads").json()["data"]
        state = load["error_state"]
        message = state and state["notification_data"]["warehouse_message"]
        assert last["target_description"] == message
        assert self.api.get("/v4/sources").status_code == 200, "it goes on serving"
        return last["tap_exit_status"], last["target_exit_status"], message

    def ids(self) -> list[int]:
        found: list[int] = self.sandbox.warehouse.table("shop.rows")["id"].tolist()
        return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sandbox"


@pytest.fixture
def shop(path: Path) -> Iterator[Shop]:
    with Sandbox(path, pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url, timeout=60) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        shop = Shop(sandbox, api)
        shop.create()
        yield shop


GOOD = (0, 0, None)


def test_a_full_disk_fails_the_load_and_the_next_job_goes_on_once_there_is_room(shop: Shop) -> None:
    with room_for(7_000_000):
        tap, target, message = shop.run()

        assert (tap, target) == (0, 1)
        assert messages.NOTHING_LOADED.format("shop.rows: ") in message
        assert "File too large" in message
        some = shop.ids()
        assert 0 < len(some) < 12_000
        assert some == list(range(len(some))), "whole batches"
        assert shop.run()[:2] == (0, 1), "and again"
        assert shop.ids() == some

    assert shop.run() == GOOD
    assert shop.ids() == list(range(12_000))


def test_a_disk_that_is_full_when_the_file_is_brought_up_to_date_is_got_over(tmp_path: Path) -> None:
    """DuckDB lets go of a file then, and everything fails until it is opened again."""
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb") as warehouse:
        warehouse.load(load(0))
        warehouse.snapshot("before")
        with room_for(1_000_000), pytest.raises(WarehouseError, match="File too large"):
            warehouse.sql("CHECKPOINT")

        assert len(warehouse.table("shop.rows")) == 2_000
        warehouse.load(load(2_000))
        assert warehouse.table("shop.rows")["id"].tolist() == list(range(4_000))
        warehouse.restore("before")
        assert len(warehouse.table("shop.rows")) == 2_000, "copies are still there"


def load(first: int) -> LoadBatch:
    return LoadBatch("shop", "rows", Batch(STREAM, rows(first, 2_000), NOW), first, NOW, NOW, 1)


@pytest.mark.parametrize("is_replaced", [False, True], ids=["gone", "replaced"])
def test_a_file_that_is_not_in_its_place_takes_no_rows_that_nobody_would_find(
    shop: Shop, path: Path, is_replaced: bool
) -> None:
    file, elsewhere = path.with_name("sandbox.duckdb"), path.with_name("elsewhere")
    file.rename(elsewhere)
    if is_replaced:
        file.write_bytes(b"another")

    tap, target, message = shop.run()

    assert (tap, target) == (0, 1)
    assert f"{file} {'was replaced' if is_replaced else 'was removed'}" in message
    elsewhere.rename(file)
    assert shop.run() == GOOD
    assert shop.ids() == list(range(12_000))


def test_a_file_that_another_process_holds_is_said_at_once_and_nothing_is_touched(path: Path) -> None:
    Sandbox(path).close()
    before = state(path)
    file = path.with_name("sandbox.duckdb")
    command = [sys.executable, "-c", HOLDING, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"

        with pytest.raises(SandboxError, match=messages.FILE_IN_USE):
            Sandbox(path)

        other.communicate()
    assert state(path) == before
    with Sandbox(path) as sandbox:
        assert sandbox.warehouse.tables().empty


def state(path: Path) -> dict[str, bytes]:
    """Every file of a sandbox that is not running."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}
