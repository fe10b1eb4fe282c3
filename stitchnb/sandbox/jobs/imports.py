"""Data that were sent to the Import API, into the destinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.destinations import load_into, warehouses_of
from stitchnb.sandbox.jobs.load_summary import LoadSummary
from stitchnb.sandbox.jobs.outcomes import error_state, record_loads
from stitchnb.sandbox.pipeline import Batch, LoadBatch, SelectedStream, WarehouseError

# Nothing ever replaces a table of the Import API's, so that its version stays the first.
_TABLE_VERSION = 0


@dataclass(frozen=True, slots=True)
class TableImport:
    """Records for one table.

    Attributes
    ----------
    schema
        JSON schema of a record; empty where none was given.
    key_names
        Primary key; empty to append.
    sequences
        Of each record: of those with one key the highest wins, whenever it was sent.
    """

    table_name: str
    schema: Mapping[str, Any]
    key_names: tuple[str, ...]
    records: Sequence[Mapping[str, Any]]
    sequences: Sequence[int]


def load_imports(ctx: SandboxContext, source_id: int, schema_name: str, imports: Sequence[TableImport]) -> None:
    """Load what was sent, table by table, and write down how it ended.

    Raises
    ------
    WarehouseError
        One table's records did not land; those of the tables before it did. Sending all of it again is safe where
        there are keys.
    """
    landings = LoadSummary()
    landed: dict[str, dict[str, Any] | None] = {}
    try:
        for part in imports:
            try:
                _load(ctx, source_id, schema_name, part, landings)
            except WarehouseError as error:
                landed[part.table_name] = error_state(error)
                raise
            landed.setdefault(part.table_name, None)
    finally:
        with ctx.state.transaction() as db:
            record_loads(ctx, db, source_id, landed, landings)


def _load(
    ctx: SandboxContext,
    source_id: int,
    schema_name: str,
    part: TableImport,
    landings: LoadSummary,
) -> None:
    warehouses = warehouses_of(ctx, source_id)
    reason = ctx.faults.match_work("load", stream=part.table_name)
    if reason is not None:
        raise WarehouseError(reason)
    # Of two with one key and one sequence the later one counts: the order is kept among equals.
    order = sorted(range(len(part.records)), key=part.sequences.__getitem__)
    stream = SelectedStream(part.table_name, part.table_name, part.schema, part.key_names)
    now = ctx.at()
    load = LoadBatch(
        schema_name=schema_name,
        table_name=part.table_name,
        batch=Batch(stream, [part.records[number] for number in order], now),
        first_sequence=0,
        received_at=now,
        batched_at=now,
        table_version=_TABLE_VERSION,
        sequences=[part.sequences[number] for number in order],
    )
    landings.add(load, load_into(warehouses, load))
