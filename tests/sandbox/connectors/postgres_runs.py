"""Short ways from a real PostgreSQL into a warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from postgres_server import Database

from stitchnb.sandbox.connectors.postgres.connector import Postgres
from stitchnb.sandbox.pipeline import Batch, Context, LoadBatch, LoadResult, SelectedStream
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
FIRST_SEQUENCE = 1_772_366_400_000_000_000


def stream_of(database: Database, name: str, *, key: str | None = None, **changed: Any) -> SelectedStream:
    """Select everything of a table or view that replicates.

    Parameters
    ----------
    key
        The replication key; None for the whole table every time.
    """
    found = {stream.stream_name: stream for stream in Postgres().discover(database.properties())}[name]
    fields = {
        field: schema
        for field, schema in found.schema["properties"].items()
        if found.metadata["properties", field]["inclusion"] != "unsupported"
    }
    stream = SelectedStream(
        found.tap_stream_id,
        found.stream_name,
        {**found.schema, "properties": fields},
        tuple(found.metadata[()]["table-key-properties"]),
        "FULL_TABLE" if key is None else "INCREMENTAL",
        key,
    )
    return replace(stream, **changed)


def extracted(
    database: Database,
    *streams: SelectedStream,
    state: Mapping[str, Mapping[str, Any]] | None = None,
    context: Context | None = None,
    **properties: str,
) -> Iterable[Batch]:
    """Extract streams, batch by batch."""
    return Postgres().extract(database.properties(**properties), streams, state or {}, NOW, context)


def records(batches: Iterable[Batch]) -> list[dict[str, Any]]:
    """All the records of batches; of each, before the next is asked for."""
    return [dict(record) for batch in batches for record in batch.records]


class Landing:
    """Loads batches into a schema, one after the other, sequence numbers counting on."""

    def __init__(self, warehouse: DuckDBWarehouse, schema: str) -> None:
        self.warehouse = warehouse
        self.schema = schema
        self.sequence = FIRST_SEQUENCE

    def __call__(self, batches: Iterable[Batch], *, by_record: bool = False, version: int = 1) -> list[LoadResult]:
        """Load them.

        Parameters
        ----------
        by_record
            Hand the records over as a list, which no warehouse can take in by the column.
        """
        results = []
        for batch in batches:
            given = replace(batch, records=list(batch.records)) if by_record else batch
            load = LoadBatch(self.schema, batch.stream.stream_name, given, self.sequence, NOW, NOW, version)
            results.append(self.warehouse.load(load))
            self.sequence += len(batch.records)
        return results


def contents(warehouse: DuckDBWarehouse, schema: str) -> dict[str, Sequence[Any]]:
    """Everything that a schema holds, as text: columns and types in order, keys, and rows in order."""
    found: dict[str, Sequence[Any]] = {}
    for table in warehouse.tables().query("schema == @schema")["table"]:
        name = f'{schema}."{table}"'
        described = warehouse.sql(f"DESCRIBE {name}").fillna("").to_numpy().tolist()
        order = "rowid" if table == "_sdc_rejected" else "_sdc_sequence, rowid"
        rows = warehouse.sql(f"SELECT COLUMNS(*)::VARCHAR FROM {name} ORDER BY {order}")
        found[table] = [described, rows.astype(object).where(rows.notna(), None).to_numpy().tolist()]
    return found
