"""A load lands whole or not at all, whoever is looking."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from warehouse_loads import Loads

from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.tables import Writer

# One batch that does everything at once: it renames, widens and adds columns, makes a subtable, deletes, inserts
# and rejects.
CHANGES = [
    {"id": 1, "age": 16.5, "new": "x", "tags": ["b"], "more": [{"n": 1}]},
    {"id": 3, "price": 0.125},
    {"id": None},
]
PRICE = {"price": {"type": "number", "multipleOf": 0.01}}


@pytest.fixture
def filled(load: Any) -> Any:
    load([{"id": 1, "age": 15, "price": 1, "tags": ["a"]}, {"id": 2, "age": 7}], PRICE)
    return load


class Failing:
    """Runs the first statements of a load, then the database fails."""

    def __init__(self, statements: int, failing: str) -> None:
        self.left = statements
        self.failing = failing
        self.run = Writer._run

    def __call__(self, writer: Writer, statement: str) -> Any:
        self.left -= 1
        return self.run(writer, statement if self.left >= 0 else self.failing)


@pytest.mark.slow
@pytest.mark.parametrize("version", [1, 2], ids=["upsert", "replace"])
@pytest.mark.parametrize("key", [("id",), ()], ids=["same key", "no key any more"])
def test_whatever_statement_fails_nothing_of_the_batch_is_visible(
    filled: Any, facts: Any, monkeypatch: pytest.MonkeyPatch, version: int, key: tuple[str, ...]
) -> None:
    before = facts.everything()
    for statements in itertools.count():
        failing = Failing(statements, facts.failing)
        with monkeypatch.context() as patch:
            patch.setattr(Writer, "_run", lambda writer, statement, failing=failing: failing(writer, statement))
            try:
                result = filled(CHANGES, PRICE, version=version, key=key, first=10**18)
            except WarehouseError as error:
                if "the disk is full" not in str(error):
                    raise
            else:
                break
        assert facts.everything() == before, f"after statement {statements}"
    assert statements >= 15
    assert result.rows_loaded == len(CHANGES) - bool(key)
    assert facts.everything() != before


@pytest.mark.parametrize(
    ("breaks", "reason"),
    [
        ("ALTER TABLE recurly.people ALTER COLUMN age SET NOT NULL", "the stream's own table refuses a row"),
        (
            "ALTER TABLE recurly.people__tags ALTER COLUMN value SET NOT NULL",
            "a subtable does, after the parent's rows",
        ),
        ("CREATE TABLE recurly._sdc_rejected (other INTEGER)", "the rejected records cannot land"),
        ("CREATE TABLE recurly.people__more (other INTEGER)", "a new subtable's name is somebody else's"),
    ],
)
def test_a_destination_that_refuses_gets_nothing(
    filled: Any, warehouse: Any, facts: Any, breaks: str, reason: str
) -> None:
    warehouse.sql(breaks)
    before = facts.everything()
    with pytest.raises(WarehouseError, match=r"recurly\.people"):
        filled([*CHANGES, {"id": 4, "tags": [None]}], PRICE)
    assert facts.everything() == before, reason
    filled([{"id": 2, "age": 8}], PRICE)


def test_an_interrupted_load_leaves_nothing_and_the_next_one_works(
    filled: Any, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = facts.everything()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "insert_subtable", interrupt)
        with pytest.raises(KeyboardInterrupt):
            filled(CHANGES, PRICE)
    assert facts.everything() == before
    assert filled(CHANGES, PRICE).rows_loaded == 2


@pytest.mark.parametrize("kind", ["duckdb"], indirect=True)
def test_a_reader_waits_for_the_load_that_is_under_way(
    filled: Any, warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    halfway, go_on = threading.Event(), threading.Event()
    insert = Writer.insert_top

    def pause(writer: Writer, top: Any) -> None:
        insert(writer, top)
        halfway.set()
        go_on.wait()

    monkeypatch.setattr(Writer, "insert_top", pause)
    seen: list[int] = []
    loading = threading.Thread(target=filled, args=([{"id": 3}],))
    reading = threading.Thread(target=lambda: seen.append(len(warehouse.table("recurly.people"))))
    loading.start()
    halfway.wait()
    reading.start()
    reading.join(timeout=0.1)
    assert seen == []
    go_on.set()
    loading.join()
    reading.join()
    assert seen == [3]


def test_a_reader_sees_each_load_whole_or_not_at_all(load: Any, warehouse: Any) -> None:
    size, versions = 200, 12
    load([{"id": n, "v": 0, "tags": [0]} for n in range(size)])
    done = threading.Event()
    problems: list[Any] = []

    def read() -> None:
        while not done.is_set():
            frame = warehouse.table("recurly.people")
            if len(frame) != size or frame["v"].nunique() != 1:
                problems.append(("table", frame["v"].value_counts().to_dict()))
            both = warehouse.sql(
                "SELECT count(*) AS n FROM recurly.people p JOIN recurly.people__tags t "
                "ON t._sdc_source_key_id = p.id AND t.value = p.v"
            )
            if both["n"].tolist() != [size]:
                problems.append(("join", both["n"].tolist()))
            rows = warehouse.tables()["rows"].tolist()
            if rows != [size, size]:
                problems.append(("tables", rows))

    def write() -> None:
        try:
            for version in range(1, versions):
                load([{"id": n, "v": version, "tags": [version]} for n in range(size)], version=version % 3)
        finally:
            done.set()

    threads = [threading.Thread(target=work) for work in (read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert set(warehouse.table("recurly.people")["v"]) == {versions - 1}


def test_several_threads_may_load_at_once(warehouse: Any) -> None:
    problems: list[BaseException] = []

    def work(source: str) -> None:
        load = Loads(warehouse)
        try:
            for start in range(0, 100, 10):
                load([{"id": n, "tags": [source]} for n in range(start, start + 10)], source=source)
                load([{"id": start, "thread": source}], source="shared", key=())
        except BaseException as error:  # noqa: BLE001 - whatever a thread meets is the finding
            problems.append(error)

    threads = [threading.Thread(target=work, args=(f"source_{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    rows = warehouse.tables().set_index(["schema", "table"])["rows"].to_dict()
    assert rows.pop(("shared", "people")) == 40
    assert set(rows.values()) == {100}
