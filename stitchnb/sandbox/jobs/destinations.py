"""One batch into every destination of its source."""

from __future__ import annotations

from collections.abc import Callable, Collection

from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.pipeline import LoadBatch, LoadResult, Warehouse, WarehouseError


def _show(_: Collection[str]) -> None:
    """Hide nothing."""


def warehouses_of(
    ctx: SandboxContext, source_id: int, hide: Callable[[Collection[str]], None] = _show
) -> list[Warehouse]:
    """Give the warehouses that a source's rows go to, each once however many destinations share it.

    To be asked for before every batch: a destination may be changed or deleted while a job is running. Those with a
    server of their own come first, as they are the likelier to fail: then nothing has landed elsewhere either.

    Parameters
    ----------
    hide
        Called with the credentials of each destination.

    Raises
    ------
    WarehouseError
        No destination takes the rows, or one with a made-up server refuses. A real server is only met by the load.
    """
    with ctx.state.read() as db:
        rows = mapping.destinations_of(db, source_id)
        destinations = [ctx.destination(db, row) for row in rows]
        for row in rows:
            hide(ctx.credentials.read(db, row["id"]).values())
    if not destinations:
        raise WarehouseError("No destination takes the rows of this source: create one, or map the source to one.")
    for destination in destinations:
        if not ctx.warehouses.is_real(destination):
            ctx.warehouses.check(destination)
    destinations.sort(key=ctx.warehouses.is_real, reverse=True)
    return list(dict.fromkeys(ctx.warehouses.opened(destination) for destination in destinations))


def load_into(warehouses: Collection[Warehouse], batch: LoadBatch) -> LoadResult:
    """Load a batch into one warehouse after the other.

    Returns
    -------
    LoadResult
        That of the warehouse which took the fewest rows.

    Raises
    ------
    WarehouseError
        One did not take the batch: those before it have, and those after it were not asked.
    """
    return min((warehouse.load(batch) for warehouse in warehouses), key=lambda result: result.rows_loaded)
