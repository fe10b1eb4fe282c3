"""Sources in the state."""

from __future__ import annotations

import sqlite3
from typing import Any

from stitchnb.sandbox.store import connections

_COLUMNS = frozenset(
    {
        *("display_name", "properties", "destination_id", "updated_at", "paused_at", "deleted_at"),
        *("scheduled_at", "next_fire_at"),
    }
)


def add(
    db: sqlite3.Connection,
    source_id: int,
    *,
    type_: str,
    name: str,
    display_name: str,
    properties: str,
    destination_id: int | None,
    now: str,
) -> sqlite3.Row:
    """Add a source; return its row."""
    connections.add(db, source_id, "source")
    row: sqlite3.Row = db.execute(
        "INSERT INTO sources (id, type, name, display_name, properties, destination_id, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (source_id, type_, name, display_name, properties, destination_id, now, now),
    ).fetchone()
    return row


def get(db: sqlite3.Connection, source_id: int | None) -> Any:
    """Return a source, deleted or not; None when there is none."""
    return db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()


def list_all(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return every source, deleted ones included, by id."""
    return db.execute("SELECT * FROM sources ORDER BY id").fetchall()


def list_live(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the sources that are not deleted, by id."""
    return db.execute("SELECT * FROM sources WHERE deleted_at IS NULL ORDER BY id").fetchall()


def update(db: sqlite3.Connection, source_id: int, **columns: Any) -> None:
    """Set columns of a source."""
    if unknown := columns.keys() - _COLUMNS:
        raise ValueError(f"these columns of sources are never updated: {sorted(unknown)}")
    assignments = ", ".join(f"{name} = :{name}" for name in columns)
    db.execute(f"UPDATE sources SET {assignments} WHERE id = :id", {**columns, "id": source_id})


def unmap(db: sqlite3.Connection, destination_id: int) -> None:
    """Remove a destination from the sources that are mapped to it."""
    db.execute("UPDATE sources SET destination_id = NULL WHERE destination_id = ?", (destination_id,))


def has_display_name(db: sqlite3.Connection, display_name: str, *, except_id: int | None = None) -> bool:
    """Whether a live source, other than `except_id`, has this display name."""
    return _exists(db, "display_name = ? AND id IS NOT ?", display_name, except_id)


def has_name(db: sqlite3.Connection, name: str) -> bool:
    """Whether a live source has this name."""
    return _exists(db, "name = ?", name)


def next_due(db: sqlite3.Connection) -> tuple[int, str] | None:
    """Return the id and time of the source that runs next; None when none is scheduled."""
    row = db.execute(
        "SELECT id, next_fire_at FROM sources WHERE next_fire_at IS NOT NULL ORDER BY next_fire_at, id LIMIT 1"
    ).fetchone()
    return None if row is None else (row["id"], row["next_fire_at"])


def _exists(db: sqlite3.Connection, condition: str, *values: Any) -> bool:
    query = f"SELECT 1 FROM sources WHERE deleted_at IS NULL AND {condition}"
    return db.execute(query, values).fetchone() is not None
