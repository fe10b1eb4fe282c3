"""Custom emails, post-load hooks and the deliveries to hooks in the state."""

from __future__ import annotations

import json
import sqlite3
from typing import Any


def list_emails(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return every custom email by id."""
    return db.execute("SELECT * FROM custom_emails ORDER BY id").fetchall()


def get_email(db: sqlite3.Connection, email_id: int | None) -> Any:
    """Return a custom email; None when there is none."""
    return db.execute("SELECT * FROM custom_emails WHERE id = ?", (email_id,)).fetchone()


def count_emails(db: sqlite3.Connection) -> int:
    """Count the custom emails, disabled ones included."""
    return int(db.execute("SELECT count(*) FROM custom_emails").fetchone()[0])


def add_email(db: sqlite3.Connection, email_id: int, address: str, now: str) -> sqlite3.Row:
    """Add a custom email; return its row."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO custom_emails (id, email_address, created_at) VALUES (?, ?, ?) RETURNING *",
        (email_id, address, now),
    ).fetchone()
    return row


def set_email_disabled(db: sqlite3.Connection, email_id: int, disabled_at: str | None) -> None:
    """Disable a custom email, or enable it with None."""
    db.execute("UPDATE custom_emails SET disabled_at = ? WHERE id = ?", (disabled_at, email_id))


def delete_email(db: sqlite3.Connection, email_id: int) -> None:
    """Delete a custom email."""
    db.execute("DELETE FROM custom_emails WHERE id = ?", (email_id,))


def list_hooks(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return every hook by id."""
    return db.execute("SELECT * FROM hooks ORDER BY id").fetchall()


def list_enabled_hooks(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the hooks that are enabled, by id."""
    return db.execute("SELECT * FROM hooks WHERE disabled_at IS NULL ORDER BY id").fetchall()


def get_hook(db: sqlite3.Connection, hook_id: int | None) -> Any:
    """Return a hook; None when there is none."""
    return db.execute("SELECT * FROM hooks WHERE id = ?", (hook_id,)).fetchone()


def is_enabled_hook(db: sqlite3.Connection, hook_id: int) -> bool:
    """Whether there is such a hook and it is enabled."""
    hook = get_hook(db, hook_id)
    return hook is not None and hook["disabled_at"] is None


def count_hooks(db: sqlite3.Connection) -> int:
    """Count the hooks, disabled ones included."""
    return int(db.execute("SELECT count(*) FROM hooks").fetchone()[0])


def add_hook(
    db: sqlite3.Connection, hook_id: int, *, type_: str, destination_id: int, url: str, now: str
) -> sqlite3.Row:
    """Add a hook; return its row."""
    row: sqlite3.Row = db.execute(
        "INSERT INTO hooks (id, type, destination_id, url, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?) "
        "RETURNING *",
        (hook_id, type_, destination_id, url, now, now),
    ).fetchone()
    return row


def set_hook_enabled(db: sqlite3.Connection, hook_id: int, enabled: bool, now: str) -> sqlite3.Row:
    """Enable or disable a hook; return its row."""
    row: sqlite3.Row = db.execute(
        "UPDATE hooks SET disabled_at = ?, modified_at = ? WHERE id = ? RETURNING *",
        (None if enabled else now, now, hook_id),
    ).fetchone()
    return row


def delete_hook(db: sqlite3.Connection, hook_id: int) -> None:
    """Delete a hook."""
    db.execute("DELETE FROM hooks WHERE id = ?", (hook_id,))


def add_delivery(
    db: sqlite3.Connection,
    hook: sqlite3.Row,
    source_id: int,
    stream_name: str,
    body: str,
    now: str,
    *,
    not_sent: str | None = None,
) -> None:
    """Queue a delivery to a hook; with `not_sent`, the reason why it is never sent, it is recorded as ended."""
    db.execute(
        "INSERT INTO hook_deliveries (hook_id, url, source_id, stream_name, body, status, error, created_at, "
        "ended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(hook["id"], hook["url"], source_id, stream_name, body),
            *("not_sent" if not_sent else "waiting", not_sent, now, now if not_sent else None),
        ),
    )


def list_deliveries(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return every delivery, oldest first, with its body parsed."""
    rows = db.execute("SELECT * FROM hook_deliveries ORDER BY number").fetchall()
    return [{**dict(row), "body": json.loads(row["body"])} for row in rows]


def waiting_deliveries(db: sqlite3.Connection) -> list[int]:
    """Return the numbers of the deliveries that are still to be made."""
    rows = db.execute("SELECT number FROM hook_deliveries WHERE status = 'waiting' ORDER BY number")
    return [row["number"] for row in rows]


def get_delivery(db: sqlite3.Connection, number: int) -> Any:
    """Return a delivery; None when there is none."""
    return db.execute("SELECT * FROM hook_deliveries WHERE number = ?", (number,)).fetchone()


def drop_delivery(db: sqlite3.Connection, number: int, now: str) -> None:
    """Give up a delivery whose hook is disabled or deleted."""
    db.execute("UPDATE hook_deliveries SET status = 'dropped', ended_at = ? WHERE number = ?", (now, number))


def record_delivery(
    db: sqlite3.Connection,
    number: int,
    *,
    status: str,
    error: str | None,
    status_code: int | None,
    tries: int,
    ended_at: str | None,
) -> None:
    """Record the last try of a delivery."""
    db.execute(
        "UPDATE hook_deliveries SET status = ?, error = ?, status_code = ?, tries = ?, ended_at = ? WHERE number = ?",
        (status, error, status_code, tries, ended_at, number),
    )
