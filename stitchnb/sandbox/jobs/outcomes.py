"""What a load leaves in the state: when each table was last loaded, or why not, and what hooks are to be told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.jobs.hooks import enqueue_deliveries
from stitchnb.sandbox.jobs.load_summary import LoadSummary
from stitchnb.sandbox.pipeline import WarehouseError

LoadErrors = Mapping[str, dict[str, Any] | None]
"""The streams that were loaded, each with its error state, or None where all went well."""


def error_state(error: WarehouseError) -> dict[str, Any]:
    """Tell of a load that failed as the API does."""
    told = {"error": "load_failed", "message": str(error), "warehouse_message": str(error)}
    return {"notification_data": told, "exception_chain": []}


def record_loads(
    ctx: SandboxContext, db: sqlite3.Connection, source_id: int, landed: LoadErrors, landings: LoadSummary
) -> None:
    """Write down how the loads of one source ended, in the transaction that ends its job or import."""
    # A load that failed keeps the time of the last one that was good.
    db.executemany(
        "INSERT INTO loads (source_id, stream_name, last_batch_loaded_at, error_state) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (source_id, stream_name) DO UPDATE SET error_state = excluded.error_state, "
        "last_batch_loaded_at = coalesce(excluded.last_batch_loaded_at, last_batch_loaded_at)",
        [
            (source_id, name, None if error else ctx.now(), json.dumps(error) if error else None)
            for name, error in landed.items()
        ],
    )
    # A table whose load failed in the end is told of by its error state alone.
    enqueue_deliveries(ctx, db, source_id, landings.without(name for name, error in landed.items() if error))
