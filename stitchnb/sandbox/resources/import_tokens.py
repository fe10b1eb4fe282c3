"""Access tokens of Import API sources: given out once, of which only a digest is kept."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from typing import Any

from stitchnb.sandbox import import_refusals, refusals, shapes
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import Sources
from stitchnb.sandbox.world import World

IMPORT_API = "import_api"
"""The source type that data are sent to."""


def digest_of(token: str) -> str:
    """Give what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class ImportTokens:
    """The access tokens of the account's Import API sources."""

    def __init__(self, world: World, sources: Sources) -> None:
        self._world = world
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of access tokens."""
        all_ = "/v4/sources/{source_id}/tokens"
        return [
            Endpoint(
                "POST",
                all_,
                lambda call: self.create(call.path["source_id"]),
                "Create an Import API token",
                shape=shapes.NEW_IMPORT_TOKEN,
            ),
            Endpoint(
                "GET",
                all_,
                lambda call: self.list(call.path["source_id"]),
                "The ids of a source's tokens",
                shape=shapes.IMPORT_TOKENS,
            ),
            Endpoint(
                "DELETE",
                f"{all_}/{{token_id}}",
                lambda call: self.delete(call.path["source_id"], call.path["token_id"]),
                "Revoke an Import API token",
                shape=shapes.DELETED_IMPORT_TOKEN,
            ),
        ]

    def create(self, source_id: str) -> dict[str, Any]:
        """Give out a new token: this answer is the only one that holds it."""
        token = secrets.token_hex(32)
        with self._world.state.transaction() as db:
            number = self._import_source(db, source_id)
            token_id = self._world.ids.import_token(db)
            db.execute(
                "INSERT INTO import_tokens (id, source_id, digest, created_at) VALUES (?, ?, ?, ?)",
                (token_id, number, digest_of(token), self._world.now()),
            )
        return {"id": token_id, "access_token": token}

    def list(self, source_id: str) -> list[int]:
        """Answer with the ids of a source's tokens."""
        with self._world.state.reading() as db:
            number = self._import_source(db, source_id)
            rows = db.execute("SELECT id FROM import_tokens WHERE source_id = ? ORDER BY id", (number,))
            return [row["id"] for row in rows]

    def delete(self, source_id: str, token_id: str) -> dict[str, Any]:
        """Revoke a token; the answer is the source."""
        with self._world.state.transaction() as db:
            number = self._import_source(db, source_id)
            deleted = db.execute(
                "DELETE FROM import_tokens WHERE source_id = ? AND id = ?", (number, refusals.parsed_id(token_id))
            )
            if not deleted.rowcount:
                raise import_refusals.token_not_found(token_id)
        return self._sources.get(source_id)

    @staticmethod
    def _import_source(db: sqlite3.Connection, source_id: str) -> int:
        number = refusals.parsed_id(source_id)
        row = db.execute("SELECT type FROM sources WHERE id = ? AND deleted_at IS NULL", (number,)).fetchone()
        if number is None or row is None:
            raise refusals.source_not_found(source_id)
        if row["type"] != IMPORT_API:
            raise import_refusals.no_import_source(source_id)
        return number
