"""Tokens, tickets and users in the state. Of tokens and tickets only digests are stored, so the file opens nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from datetime import datetime, timedelta
from typing import Any

from stitchnb.models import format_time
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.store.database import State


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class AccessTokens:
    """The access tokens of the sandbox's one account.

    Parameters
    ----------
    token
        The token that the sandbox was created with; it is never stored.
    """

    def __init__(self, state: State, clock: Clock, token: str) -> None:
        self._state = state
        self._clock = clock
        self._own = _digest(token)

    def accepts(self, authorization: str) -> bool:
        """Whether the value of an ``Authorization`` header holds a valid token."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            return False
        digest = _digest(token)
        if hmac.compare_digest(digest, self._own):
            return True
        with self._state.read() as db:
            row = db.execute("SELECT expires_at FROM access_tokens WHERE digest = ?", (digest,)).fetchone()
        # Times are stored in a form that sorts as text.
        return row is not None and (row["expires_at"] is None or row["expires_at"] > self._now())

    def create(self, prefix: str = "", *, lifetime: timedelta | None = None) -> str:
        """Create one more valid token.

        Parameters
        ----------
        lifetime
            How long it is valid, by the sandbox's clock; None for no end.
        """
        token = prefix + secrets.token_urlsafe(24)
        expires_at = None if lifetime is None else format_time(self._clock.now() + lifetime)
        with self._state.transaction() as db:
            db.execute("DELETE FROM access_tokens WHERE expires_at <= ?", (self._now(),))
            db.execute(
                "INSERT INTO access_tokens (digest, created_at, expires_at) VALUES (?, ?, ?)",
                (_digest(token), self._now(), expires_at),
            )
        return token

    def _now(self) -> str:
        return format_time(self._clock.now())


def add_user(db: sqlite3.Connection, email: str, company: str, region: str, now: str) -> bool:
    """Add a user; False when the email address has one."""
    added = db.execute(
        "INSERT INTO users (email, company, region, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (email, company, region, now),
    )
    return bool(added.rowcount)


def add_import_token(db: sqlite3.Connection, token_id: int, source_id: int, token: str, now: str) -> None:
    """Add a token of an Import API source."""
    db.execute(
        "INSERT INTO import_tokens (id, source_id, digest, created_at) VALUES (?, ?, ?, ?)",
        (token_id, source_id, _digest(token), now),
    )


def list_import_tokens(db: sqlite3.Connection, source_id: int) -> list[int]:
    """Return the ids of a source's tokens."""
    rows = db.execute("SELECT id FROM import_tokens WHERE source_id = ? ORDER BY id", (source_id,))
    return [row["id"] for row in rows]


def delete_import_token(db: sqlite3.Connection, source_id: int, token_id: int | None) -> bool:
    """Delete a token of a source; False when there is none."""
    deleted = db.execute("DELETE FROM import_tokens WHERE source_id = ? AND id = ?", (source_id, token_id))
    return bool(deleted.rowcount)


def source_of_import_token(db: sqlite3.Connection, token: str) -> Any:
    """Return the source that a token belongs to, deleted or not; None for an unknown token."""
    return db.execute(
        "SELECT sources.* FROM import_tokens JOIN sources ON sources.id = source_id WHERE digest = ?",
        (_digest(token),),
    ).fetchone()


def create_log_ticket(db: sqlite3.Connection, job_name: str, now: datetime, lifetime: timedelta) -> str:
    """Create a ticket that opens a job's log once."""
    ticket = secrets.token_urlsafe(24)
    db.execute("DELETE FROM log_tickets WHERE expires_at <= ?", (format_time(now),))
    db.execute(
        "INSERT INTO log_tickets (digest, job_name, expires_at) VALUES (?, ?, ?)",
        (_digest(ticket), job_name, format_time(now + lifetime)),
    )
    return ticket


def use_log_ticket(db: sqlite3.Connection, ticket: str, now: datetime) -> str | None:
    """Delete a ticket and return the job that it was for; None when it is unknown or expired."""
    row = db.execute(
        "DELETE FROM log_tickets WHERE digest = ? RETURNING job_name, expires_at", (_digest(ticket),)
    ).fetchone()
    return None if row is None or row["expires_at"] <= format_time(now) else row["job_name"]
