"""Loads batches into every destination of a source: those of jobs, and those that the Import API receives."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.load_summary import LoadSummary, error_state, record_loads
from stitchnb.sandbox.pipeline import Batch, LoadBatch, LoadResult, SelectedStream, Warehouse, WarehouseError
from stitchnb.sandbox.store import destinations

# A table of the Import API is never replaced, so its version stays the first.
_TABLE_VERSION = 0


def _ignore(_: Collection[str]) -> None:
    """Do nothing with credentials."""


class DestinationWarehouses:
    """The warehouses that the rows of one source go to.

    They are read before every batch, as a destination may be changed or deleted while a job is running. The
    warehouse of a destination that has not changed is opened once, so that its credentials are decrypted once.

    Parameters
    ----------
    hide
        Called with the credentials of each destination.
    """

    def __init__(self, ctx: SandboxContext, source_id: int, hide: Callable[[Collection[str]], None] = _ignore) -> None:
        self._ctx = ctx
        self._source_id = source_id
        self._hide = hide
        self._decrypted: dict[bytes, str] = {}

    def open(self) -> list[Warehouse]:
        """Return the warehouses, each once however many destinations share it.

        Those with a server of their own come first, as they are more likely to fail: then nothing has landed in the
        others either.

        Raises
        ------
        WarehouseError
            No destination takes the rows, or a simulated server rejects them. A real server is only reached by the
            load.
        """
        with self._ctx.state.read() as db:
            rows = destinations.list_of_source(db, self._source_id)
            found = [self._ctx.destination(db, row, self._decrypted) for row in rows]
        if not found:
            raise WarehouseError("No destination takes the rows of this source: create one, or map the source to one.")
        self._hide(self._decrypted.values())
        for destination in found:
            if not self._ctx.warehouses.is_real(destination):
                self._ctx.warehouses.check(destination)
        found.sort(key=self._ctx.warehouses.is_real, reverse=True)
        return list(dict.fromkeys(self._ctx.warehouses.opened(destination) for destination in found))

    def load(self, batch: LoadBatch) -> LoadResult:
        """Load a batch into one warehouse after the other.

        Returns
        -------
        LoadResult
            That of the warehouse which loaded the fewest rows.

        Raises
        ------
        WarehouseError
            One failed. The warehouses before it have the batch, those after it do not.
        """
        warehouses = self.open()
        reason = self._ctx.faults.match_work("load", stream=batch.batch.stream.tap_stream_id)
        if reason is not None:
            raise WarehouseError(reason)
        return min((warehouse.load(batch) for warehouse in warehouses), key=lambda result: result.rows_loaded)


@dataclass(frozen=True, slots=True)
class TableImport:
    """Records for one table.

    Attributes
    ----------
    schema
        JSON schema of a record; empty when the request has none.
    key_names
        Primary key; empty to append.
    sequences
        Of each record: of those with the same key the highest wins, whenever it was sent.
    """

    table_name: str
    schema: Mapping[str, Any]
    key_names: tuple[str, ...]
    records: Sequence[Mapping[str, Any]]
    sequences: Sequence[int]


def load_imports(ctx: SandboxContext, source_id: int, schema_name: str, imports: Sequence[TableImport]) -> None:
    """Load what was sent, table by table, and record how it ended.

    Raises
    ------
    WarehouseError
        The records of one table were not loaded; those of the tables before it were. Sending all of it again is safe
        where there are keys.
    """
    warehouses = DestinationWarehouses(ctx, source_id)
    summary = LoadSummary()
    try:
        for part in imports:
            load = _batch(ctx, schema_name, part)
            try:
                result = warehouses.load(load)
            except WarehouseError as error:
                summary.errors[part.table_name] = error_state(error)
                raise
            summary.add(load, result)
    finally:
        with ctx.state.transaction() as db:
            record_loads(ctx, db, source_id, summary)


def _batch(ctx: SandboxContext, schema_name: str, part: TableImport) -> LoadBatch:
    # Of two records with the same key and sequence the later one wins, so equal ones keep their order.
    order = sorted(range(len(part.records)), key=part.sequences.__getitem__)
    stream = SelectedStream(part.table_name, part.table_name, part.schema, part.key_names)
    now = ctx.at()
    return LoadBatch(
        schema_name=schema_name,
        table_name=part.table_name,
        batch=Batch(stream, [part.records[number] for number in order], now),
        first_sequence=0,
        received_at=now,
        batched_at=now,
        table_version=_TABLE_VERSION,
        sequences=[part.sequences[number] for number in order],
    )
