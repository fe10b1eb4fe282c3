"""Client accounts and ephemeral sessions: more tokens for the sandbox's one account."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.sandbox import errors, import_errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.store.tokens import Tokens

IMPORT_API = "import_api"
"""The source type that data are sent to."""


def digest_of(token: str) -> str:
    """Give what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


class ImportTokenEndpoints:
    """The access tokens of the account's Import API sources."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of access tokens."""
        all_ = "/v4/sources/{source_id}/tokens"
        return [
            Endpoint("POST", all_, lambda request: self.create(request.path["source_id"])),
            Endpoint("GET", all_, lambda request: self.list(request.path["source_id"])),
            Endpoint(
                "DELETE",
                f"{all_}/{{token_id}}",
                lambda request: self.delete(request.path["source_id"], request.path["token_id"]),
            ),
        ]

    def create(self, source_id: str) -> dict[str, Any]:
        """Give out a new token: this answer is the only one that holds it."""
        token = secrets.token_hex(32)
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            token_id = self._ctx.ids.import_token(db)
            db.execute(
                "INSERT INTO import_tokens (id, source_id, digest, created_at) VALUES (?, ?, ?, ?)",
                (token_id, number, digest_of(token), self._ctx.now()),
            )
        return {"id": token_id, "access_token": token}

    def list(self, source_id: str) -> list[int]:
        """Answer with the ids of a source's tokens."""
        with self._ctx.state.read() as db:
            number = self._import_source(db, source_id)
            rows = db.execute("SELECT id FROM import_tokens WHERE source_id = ? ORDER BY id", (number,))
            return [row["id"] for row in rows]

    def delete(self, source_id: str, token_id: str) -> dict[str, Any]:
        """Revoke a token; the answer is the source."""
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            deleted = db.execute(
                "DELETE FROM import_tokens WHERE source_id = ? AND id = ?", (number, errors.parsed_id(token_id))
            )
            if not deleted.rowcount:
                raise import_errors.token_not_found(token_id)
        return self._sources.get(source_id)

    @staticmethod
    def _import_source(db: sqlite3.Connection, source_id: str) -> int:
        number = errors.parsed_id(source_id)
        row = db.execute("SELECT type FROM sources WHERE id = ? AND deleted_at IS NULL", (number,)).fetchone()
        if number is None or row is None:
            raise errors.source_not_found(source_id)
        if row["type"] != IMPORT_API:
            raise import_errors.no_import_source(source_id)
        return number


_REQUIRED = ("partner_id", "partner_secret", "first_name", "last_name", "company", "email", "region")
_EPHEMERAL_LIFETIME = timedelta(hours=1)


class AccountEndpoints:
    """Accounts as a partner creates them.

    A sandbox is one account, so a created account is that same one: its token is one more valid token, its id the
    sandbox's ``client_id``. Any partner's id and secret are taken, and the secret is not kept.
    """

    def __init__(self, ctx: SandboxContext, tokens: Tokens) -> None:
        self._ctx = ctx
        self._tokens = tokens

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of accounts and sessions."""
        return [
            Endpoint("POST", "/v3/accounts", lambda request: self.create(request.body), auth="none"),
            Endpoint("POST", "/v3/sessions/ephemeral", lambda request: self.open_session()),
        ]

    def create(self, body: Any) -> dict[str, Any]:
        """Create an account; a person can have only one."""
        given = body if isinstance(body, dict) else {}
        missing = [name for name in _REQUIRED if not isinstance(given.get(name), str) or not given[name].strip()]
        if missing:
            raise errors.invalid_account(missing)
        with self._ctx.state.transaction() as db:
            added = db.execute(
                "INSERT INTO users (email, company, region, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (given["email"].strip().lower(), given["company"], given["region"], self._ctx.now()),
            )
            if not added.rowcount:
                raise errors.existing_user()
            token = self._tokens.give_out("at_")
        return {"access_token": token, "stitch_account_id": self._ctx.client_id}

    def open_session(self) -> dict[str, Any]:
        """Give a token that is valid one hour."""
        return {"ephemeral_token": self._tokens.give_out("et_", lifetime=_EPHEMERAL_LIFETIME)}
