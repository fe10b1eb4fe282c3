"""Connectors in the workers of an executor: what lands is the same, and who waits for whom."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pipeline_messages as messages
import pytest
import recurly_facts as recurly
from polling import wait_until
from worker_connectors import CREATE, TYPE, Rows

from stitchnb.sandbox import Sandbox
from stitchnb.sandbox.pipeline import Batch, Connector, SelectedStream
from stitchnb.sandbox.workers import file_queue
from stitchnb.sandbox.workers.workers import Task, Workers, run_task

NOW = datetime(2026, 3, 20, 16, tzinfo=UTC)
STREAM = SelectedStream("rows", "rows", {"properties": {}}, ("id",), "FULL_TABLE")
FORM = CREATE["properties"]


@pytest.fixture(scope="module")
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as executor:
        yield executor


@dataclass
class Shop:
    """A source of one sandbox, whose connectors run in an executor."""

    sandbox: Sandbox
    api: httpx.Client
    source_id: int = 0

    def create(self, connector: Connector, **properties: str) -> None:
        self.sandbox.connectors[TYPE] = connector
        body = {**CREATE, "properties": {**FORM, **properties}}
        self.source_id = self.api.post("/v4/sources", json=body).json()["id"]
        self.sandbox.wait_idle()

    def start(self, connector: Connector) -> None:
        self.create(connector)
        selected = {"tap_stream_id": "rows", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        path = f"/v4/sources/{self.source_id}"
        assert self.api.put(f"{path}/streams/metadata", json={"streams": [selected]}).json() == {"status": 200}
        assert "job_name" in self.api.post(f"{path}/sync").json()

    def run(self, connector: Connector) -> None:
        self.start(connector)
        self.sandbox.wait_idle()

    def ended(self) -> tuple[Any, ...]:
        (found,) = self.api.get("/v4/116078/extractions").json()["data"]
        return found["tap_exit_status"], found["tap_description"], found["target_exit_status"]

    def log(self) -> str:
        (found,) = self.api.get("/v4/116078/extractions").json()["data"]
        name = found["job_name"]
        return httpx.get(self.api.get(f"/v4/116078/extractions/{name}").headers["location"]).text


@pytest.fixture
def shop_of() -> Iterator[Callable[[Executor], Shop]]:
    """Make a sandbox on an executor."""
    made: list[Shop] = []

    def make(executor: Executor) -> Shop:
        sandbox = Sandbox(clock=recurly.NOON, pace_s=0, executor=executor)
        headers = {"Authorization": f"Bearer {sandbox.token.reveal()}"}
        made.append(Shop(sandbox, httpx.Client(base_url=sandbox.url, headers=headers, timeout=60)))
        return made[-1]

    yield make
    for shop in made:
        shop.api.close()
        shop.sandbox.close()


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "notes")


def test_a_source_is_extracted_in_another_process_and_loaded_in_this_one(
    shop_of: Callable[[Executor], Shop], processes: Executor, rows: Rows
) -> None:
    shop = shop_of(processes)

    shop.run(rows)

    assert shop.ended() == (0, None, 0)
    landed = shop.sandbox.warehouse.table("shop.rows")
    assert landed["id"].tolist() == [0, 1, 2]
    assert os.getpid() not in set(landed["process"])
    assert rows.noted()[-1] == "closed"


def test_lines_of_the_log_come_along_and_credentials_stay_out_of_it(
    shop_of: Callable[[Executor], Shop], processes: Executor, rows: Rows
) -> None:
    shop = shop_of(processes)

    shop.run(rows)

    told = shop.log()
    assert [line.split("tap    ")[1] for line in told.splitlines() if "row 1 with" in line] == ["row 1 with [hidden]"]
    assert "no more rows" in told
    assert "a-secret-key" not in told


def test_a_check_that_is_refused_there_fails_here(
    shop_of: Callable[[Executor], Shop], processes: Executor, rows: Rows
) -> None:
    shop = shop_of(processes)

    shop.create(rows, shop="closed")

    check = shop.api.get(f"/v4/sources/{shop.source_id}/last-connection-check").json()
    assert (check["status"], check["discovery_error_message"]) == ("failed", "the shop is closed")


def test_a_refusal_in_the_middle_keeps_its_words_and_its_status(
    shop_of: Callable[[Executor], Shop], processes: Executor, tmp_path: Path
) -> None:
    shop = shop_of(processes)

    shop.run(Rows(tmp_path / "notes", then="refuse"))

    assert shop.ended() == (9, "no more of that", None)
    assert len(shop.sandbox.warehouse.table("shop.rows")) == 3, "what came before has landed"


def test_a_fault_of_a_connector_is_told_as_one_of_this_process(
    shop_of: Callable[[Executor], Shop], processes: Executor, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = shop_of(processes)

    shop.start(Rows(tmp_path / "notes", then="blunder"))
    wait_until(lambda: shop.sandbox.jobs()[0]["status"] != "running")

    assert shop.ended()[:2] == (1, "SandboxError in the sandbox itself")
    wait_until(lambda: "ZeroDivisionError: in the connector" in caplog.text)


def test_a_worker_that_dies_fails_the_tap_and_the_sandbox_goes_on(
    shop_of: Callable[[Executor], Shop], tmp_path: Path
) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        shop = shop_of(executor)

        shop.run(Rows(tmp_path / "notes", then="die"))

        status, message, _ = shop.ended()
        assert status == 1
        assert str(message).startswith(messages.EXECUTOR_FAILED.format("extract") + "BrokenProcessPool: ")
        # The pool accepts no more tasks, which the next check reports too.
        shop.api.put(f"/v4/sources/{shop.source_id}", json={"properties": {"shop": "other"}})
        shop.sandbox.wait_idle()
        check = shop.api.get(f"/v4/sources/{shop.source_id}/last-connection-check").json()
        assert messages.EXECUTOR_CLOSED in check["discovery_error_message"]


def test_what_cannot_be_sent_is_told(shop_of: Callable[[Executor], Shop], processes: Executor, tmp_path: Path) -> None:
    class OfThisFunction(Rows):
        pass

    shop = shop_of(processes)

    shop.create(OfThisFunction(tmp_path / "notes"))

    check = shop.api.get(f"/v4/sources/{shop.source_id}/last-connection-check").json()
    assert messages.EXECUTOR_FAILED.format("check") in check["discovery_error_message"]
    assert "OfThisFunction" in check["discovery_error_message"]


def test_a_job_is_stopped_in_the_worker_too(
    shop_of: Callable[[Executor], Shop], processes: Executor, tmp_path: Path
) -> None:
    rows = Rows(tmp_path / "notes", then="wait")
    shop = shop_of(processes)
    shop.start(rows)
    wait_until(lambda: "waits" in rows.noted())

    assert shop.api.delete(f"/v4/sources/{shop.source_id}/sync").status_code == 200
    shop.sandbox.wait_idle()

    assert shop.ended() == (None, "Terminated", None)
    assert rows.noted()[-1] == "closed"


def test_work_that_waits_for_a_worker_is_taken_back(shop_of: Callable[[Executor], Shop], rows: Rows) -> None:
    with ThreadPoolExecutor(1) as executor:
        shop = shop_of(executor)
        freed = threading.Event()
        shop.create(rows)
        executor.submit(freed.wait, 60)
        selected = {"tap_stream_id": "rows", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
        shop.api.put(f"/v4/sources/{shop.source_id}/streams/metadata", json={"streams": [selected]})
        shop.api.post(f"/v4/sources/{shop.source_id}/sync")
        wait_until(lambda: shop.sandbox.jobs())

        shop.api.delete(f"/v4/sources/{shop.source_id}/sync")
        shop.sandbox.wait_idle()
        freed.set()

    assert shop.ended() == (None, "Terminated", None)
    assert rows.noted() == []


def test_a_load_that_fails_ends_the_extraction(
    shop_of: Callable[[Executor], Shop], processes: Executor, tmp_path: Path
) -> None:
    rows = Rows(tmp_path / "notes", rows=1000)
    shop = shop_of(processes)
    shop.sandbox.faults.fail_loads("no room", stream="rows")

    shop.run(rows)

    assert shop.ended() == (0, None, 1)
    assert rows.noted()[-1] == "closed"
    assert len(rows.noted()) < 10


def test_a_worker_is_never_more_than_two_pieces_ahead(threads: Executor, tmp_path: Path) -> None:
    rows = Rows(tmp_path / "notes", rows=50)
    batches = Workers(threads).wrap(rows).extract(FORM, [STREAM], {}, NOW)

    for number, batch in enumerate(batches):
        time.sleep(0.005)
        # One more is in the making while it waits for room.
        assert len(rows.noted()) <= number + 4
        assert [record["id"] for record in batch.records] == [number]

    assert number == 49


def test_nothing_is_left_of_what_was_handed_over(threads: Executor, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    workers = Workers(threads, shared)

    batches: Iterator[Batch] = workers.wrap(Rows(tmp_path / "notes")).extract(FORM, [STREAM], {}, NOW)
    next(batches)
    (folder,) = shared.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    list(batches)

    assert list(shared.iterdir()) == []


def test_a_folder_that_a_worker_does_not_find_is_told(tmp_path: Path, rows: Rows) -> None:
    answer = run_task(Task("check", rows, (FORM,), tmp_path / "elsewhere" / "of-one-job"))

    assert answer.error is not None
    assert messages.FOLDER_NOT_SHARED.format(tmp_path / "elsewhere") in answer.error
    assert "shared_folder" in answer.error


def test_work_is_not_begun_twice(tmp_path: Path, rows: Rows) -> None:
    """Some executors begin anew when a worker is lost, and its rows would come once more."""
    task = Task("extract", rows, (FORM, [STREAM], {}, NOW), tmp_path)
    (tmp_path / "lease").touch()
    run_task(Task("check", rows, (FORM,), tmp_path))

    answer = run_task(task)

    assert str(answer.error).startswith(messages.WORKER_LOST)
    assert rows.noted() == []


def test_a_worker_whose_sandbox_was_killed_ends_and_tidies_up(tmp_path: Path) -> None:
    rows = Rows(tmp_path / "notes", rows=1, then="wait")
    folder = tmp_path / "of-one-job"
    folder.mkdir()
    (folder / "lease").touch()

    begun = time.monotonic()
    run_task(Task("extract", rows, (FORM, [STREAM], {}, NOW), folder, lease_s=0.5))

    assert time.monotonic() - begun > 0.4
    assert rows.noted()[-1] == "closed"
    assert not folder.exists()


def test_a_sandbox_that_lives_keeps_its_worker(
    threads: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_queue, "_RENEW_S", 0.05)
    taken = []
    with file_queue.open_queue(None) as consumer:
        task = Task("extract", Rows(tmp_path / "notes", rows=6), (FORM, [STREAM], {}, NOW), consumer.folder)
        future = threads.submit(run_task, task)
        lease = consumer.folder / "lease"
        for piece in consumer.chunks(future, lambda: future.result().chunk_count):
            # However long a piece takes here, the lease is renewed meanwhile.
            before = lease.stat().st_mtime_ns
            wait_until(lambda: lease.stat().st_mtime_ns, lambda now, before=before: now > before, what="a renewal")
            taken.append(piece)

    assert len([piece for piece in taken if piece.batch]) == 6


def test_a_task_shows_no_credential(tmp_path: Path, rows: Rows) -> None:
    task = Task("check", rows, (FORM,), tmp_path)

    assert "a-secret-key" not in repr(task)
    assert "check" in repr(task)
