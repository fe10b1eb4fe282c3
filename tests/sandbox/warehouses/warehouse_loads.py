"""A short way to load batches into a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stitchnb.sandbox.pipeline import Batch, LoadBatch, LoadResult, SelectedStream, Warehouse

EXTRACTED = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
RECEIVED = EXTRACTED + timedelta(seconds=1)
BATCHED = EXTRACTED + timedelta(minutes=2, microseconds=5)
FIRST_SEQUENCE = 1_772_366_400_000_000_000


class Loads:
    """Loads batches one after the other, sequence numbers counting on."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.sequence = FIRST_SEQUENCE

    def __call__(
        self,
        records: Sequence[Mapping[str, Any]],
        properties: Mapping[str, Any] | None = None,
        *,
        table: str = "people",
        key: Sequence[str] = ("id",),
        version: int = 1,
        source: str = "recurly",
        first: int | None = None,
    ) -> LoadResult:
        schema = {"type": "object", "properties": dict(properties or {})}
        stream = SelectedStream(table, table, schema, tuple(key))
        batch = Batch(stream, records, EXTRACTED)
        if first is None:
            first = self.sequence
            self.sequence += len(records)
        return self.warehouse.load(LoadBatch(source, table, batch, first, RECEIVED, BATCHED, version))
