"""Any sequence of loads against a dictionary that does the same."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_loads import Loads

from stitchnb.sandbox.pipeline import Warehouse
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

ids = st.integers(0, 5)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
records = st.fixed_dictionaries(
    {"id": ids},
    optional={
        "name": st.one_of(st.none(), texts),
        "mixed": st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.text("ab", max_size=2)),
        "nested": st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)),
        "tags": st.lists(st.one_of(st.text("xyz", max_size=2), st.integers(0, 3)), max_size=3),
    },
)
loads = st.tuples(st.lists(records, max_size=8), st.integers(0, 40), st.sampled_from([1, 1, 1, 2]), st.booleans())


class Model:
    """What the table holds: by key, the record with the highest sequence."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.rows: dict[int, tuple[int, dict[str, Any]]] = {}

    def load(self, batch: list[dict[str, Any]], first: int, version: int) -> None:
        if self.version not in (None, version):
            self.rows.clear()
        if batch or self.version is not None:
            self.version = version
        for sequence, record in enumerate(batch, first):
            if record["id"] not in self.rows or self.rows[record["id"]][0] <= sequence:
                self.rows[record["id"]] = (sequence, record)

    def people(self) -> list[tuple[Any, ...]]:
        return [
            (key, sequence, record.get("name"), record.get("mixed"), *map(record.get("nested", {}).get, "xy"))
            for key, (sequence, record) in sorted(self.rows.items())
        ]

    def tags(self) -> list[tuple[Any, ...]]:
        return [
            (key, position, sequence, tag)
            for key, (sequence, record) in sorted(self.rows.items())
            for position, tag in enumerate(record.get("tags", []))
        ]


def read(warehouse: Warehouse, table: str, fields: list[str]) -> list[tuple[Any, ...]]:
    """Rows with split columns put together again."""
    if table not in warehouse.tables()["table"].tolist():
        return []
    frame = warehouse.table(f"recurly.{table}")
    rows = []
    for row in range(len(frame)):
        values = []
        for field in fields:
            parts = [name for name in frame if name == field or name[:-2] == f"{field}__"]
            filled = [frame[name][row] for name in parts if frame[name].notna()[row]]
            assert len(filled) <= 1
            values.append(filled[0] if filled else None)
        rows.append(tuple(values))
    return rows


def check(warehouse: Warehouse, model: Model) -> None:
    fields = ["id", "_sdc_sequence", "name", "mixed", "nested__x", "nested__y"]
    assert read(warehouse, "people", fields) == model.people()
    fields = ["_sdc_source_key_id", "_sdc_level_0_id", "_sdc_sequence", "value"]
    assert read(warehouse, "people__tags", fields) == model.tags()


@pytest.mark.slow
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(loads, max_size=6))
def test_a_table_equals_the_model_after_any_sequence_of_upserts(fresh: Any, batches: list[Any]) -> None:
    model = Model()
    with fresh() as warehouse:
        load = Loads(warehouse)
        for batch, first, version, _ in batches:
            result = load(batch, first=first, version=version)
            assert (result.rows_loaded, result.rows_rejected) == (len(batch), 0)
            model.load(batch, first, version)
            check(warehouse, model)


@pytest.mark.slow
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(loads, max_size=6))
def test_the_same_holds_in_a_file_that_is_closed_in_between(batches: list[Any]) -> None:
    model = Model()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "warehouse.duckdb")
        warehouse = DuckDBWarehouse(path)
        for batch, first, version, reopens in batches:
            Loads(warehouse)(batch, first=first, version=version)
            model.load(batch, first, version)
            if reopens:
                warehouse.close()
                warehouse = DuckDBWarehouse(path)
            check(warehouse, model)
        warehouse.close()
