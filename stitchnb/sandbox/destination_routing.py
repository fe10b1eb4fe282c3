"""Which destinations a source's rows go to.

A source that was given a destination goes to that one; one that was not, to every destination that takes unmapped
sources.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from stitchnb.sandbox import errors


def destinations_of(db: sqlite3.Connection, source_id: int) -> list[sqlite3.Row]:
    """Read the live destinations that a source goes to, in the order of their ids."""
    return db.execute(
        "SELECT destinations.* FROM destinations JOIN sources ON sources.id = ? "
        "WHERE destinations.deleted_at IS NULL AND sources.deleted_at IS NULL AND CASE "
        "WHEN sources.destination_id IS NULL THEN NOT ignore_unmapped_sources "
        "ELSE destinations.id = sources.destination_id END ORDER BY destinations.id",
        (source_id,),
    ).fetchall()


def destination_named(db: sqlite3.Connection, destination_id: Any) -> int | None:
    """Take the id of a live destination out of a body; None unmaps."""
    if destination_id is None:
        return None
    number = errors.parsed_id(str(destination_id))
    if number is None or not is_live(db, number):
        raise errors.destination_not_found(destination_id)
    return number


def is_live(db: sqlite3.Connection, destination_id: int) -> bool:
    """Tell whether there is such a destination, and it was not deleted."""
    found = db.execute("SELECT 1 FROM destinations WHERE id = ? AND deleted_at IS NULL", (destination_id,))
    return found.fetchone() is not None
