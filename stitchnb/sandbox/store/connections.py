"""Connections and their checks: sources and destinations share one range of ids, so that a check names either."""

from __future__ import annotations

import sqlite3
from typing import Any, Literal

Kind = Literal["source", "destination"]


def add(db: sqlite3.Connection, connection_id: int, kind: Kind) -> None:
    """Register the id of a new source or destination."""
    db.execute("INSERT INTO connections (id, kind) VALUES (?, ?)", (connection_id, kind))


def add_check(db: sqlite3.Connection, name: str, connection_id: int, now: str) -> None:
    """Add a check that is running."""
    db.execute(
        "INSERT INTO checks (name, connection_id, status, start_time) VALUES (?, ?, 'running', ?)",
        (name, connection_id, now),
    )


def add_passed_check(db: sqlite3.Connection, name: str, destination_id: int, now: str) -> None:
    """Add a check of a destination that has succeeded."""
    db.execute(
        "INSERT INTO checks (name, connection_id, status, start_time, completion_time, check_exit_status, "
        "target_exit_status) VALUES (?, ?, 'succeeded', ?, ?, 0, 0)",
        (name, destination_id, now, now),
    )


def finish_check(
    db: sqlite3.Connection,
    name: str,
    now: str,
    *,
    error: str | None,
    discovery: tuple[int | None, str | None],
    target: tuple[int | None, str | None],
) -> None:
    """Record how a check ended, with the exit status and message of its parts."""
    db.execute(
        "UPDATE checks SET status = ?, completion_time = ?, check_exit_status = ?, discovery_exit_status = ?, "
        "discovery_error_message = ?, target_exit_status = ?, target_error_message = ? WHERE name = ?",
        ("failed" if error else "succeeded", now, None if error else 0, *discovery, *target, name),
    )


def running_checks(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the name and connection id of each running check."""
    rows = db.execute("SELECT name, connection_id FROM checks WHERE status = 'running' ORDER BY number")
    return [(row["name"], row["connection_id"]) for row in rows]


def kind_of_check(db: sqlite3.Connection, name: str) -> Kind | None:
    """Return what a check tests; None when there is no such check."""
    row = db.execute(
        "SELECT kind FROM checks JOIN connections ON connections.id = connection_id WHERE name = ?", (name,)
    ).fetchone()
    return None if row is None else row["kind"]


def last_check(db: sqlite3.Connection, connection_id: int | None, kind: Kind) -> Any:
    """Return the newest check of a source or destination; None when it has none."""
    return db.execute(
        "SELECT checks.* FROM checks JOIN connections ON connections.id = connection_id "
        "WHERE connection_id = ? AND kind = ? ORDER BY number DESC LIMIT 1",
        (connection_id, kind),
    ).fetchone()


def last_check_name(db: sqlite3.Connection, connection_id: int) -> str | None:
    """Return the name of the newest check; None when there is none."""
    row = db.execute(
        "SELECT name FROM checks WHERE connection_id = ? ORDER BY number DESC LIMIT 1", (connection_id,)
    ).fetchone()
    return None if row is None else row["name"]
