"""Destinations in the state, and which of them a source's rows go to.

A source that is mapped to a destination goes to that one. A source that is not goes to every destination that takes
unmapped sources.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from stitchnb.sandbox.store import connections

_LIVE = "SELECT * FROM destinations WHERE deleted_at IS NULL"


def add(
    db: sqlite3.Connection,
    destination_id: int,
    *,
    type_: str,
    name: str | None,
    description: str | None,
    properties: str,
    now: str,
    ignore_unmapped_sources: bool = False,
    is_embedded: bool = False,
) -> sqlite3.Row:
    """Add a destination; return its row."""
    connections.add(db, destination_id, "destination")
    row: sqlite3.Row = db.execute(
        "INSERT INTO destinations (id, type, name, description, properties, ignore_unmapped_sources, is_embedded, "
        "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (
            *(destination_id, type_, name, description, properties),
            *(int(ignore_unmapped_sources), int(is_embedded), now, now),
        ),
    ).fetchone()
    return row


def exists_any(db: sqlite3.Connection) -> bool:
    """Whether there is a destination, deleted or not."""
    return db.execute("SELECT 1 FROM destinations").fetchone() is not None


def get(db: sqlite3.Connection, destination_id: int | None) -> Any:
    """Return a destination, deleted or not; None when there is none."""
    return db.execute("SELECT * FROM destinations WHERE id = ?", (destination_id,)).fetchone()


def get_live(db: sqlite3.Connection, destination_id: int | None) -> Any:
    """Return a destination that is not deleted; None when there is none."""
    return db.execute(f"{_LIVE} AND id = ?", (destination_id,)).fetchone()


def list_live(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the destinations that are not deleted, by id."""
    return db.execute(f"{_LIVE} ORDER BY id").fetchall()


def list_of_source(db: sqlite3.Connection, source_id: int) -> list[sqlite3.Row]:
    """Return the live destinations that a source goes to, by id."""
    return db.execute(
        "SELECT destinations.* FROM destinations JOIN sources ON sources.id = ? "
        "WHERE destinations.deleted_at IS NULL AND sources.deleted_at IS NULL AND CASE "
        "WHEN sources.destination_id IS NULL THEN NOT ignore_unmapped_sources "
        "ELSE destinations.id = sources.destination_id END ORDER BY destinations.id",
        (source_id,),
    ).fetchall()


def set_properties(db: sqlite3.Connection, destination_id: int, properties: str, now: str) -> sqlite3.Row:
    """Replace the properties of a destination; return its row."""
    row: sqlite3.Row = db.execute(
        "UPDATE destinations SET properties = ?, updated_at = ? WHERE id = ? RETURNING *",
        (properties, now, destination_id),
    ).fetchone()
    return row


def delete(db: sqlite3.Connection, destination_id: int | None, now: str) -> bool:
    """Mark a destination as deleted; False when there is no live one."""
    deleted = db.execute(
        "UPDATE destinations SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL",
        (now, now, destination_id),
    )
    return bool(deleted.rowcount)
