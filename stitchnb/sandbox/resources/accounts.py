"""Client accounts and ephemeral sessions: more tokens for the sandbox's one account."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.store import sources, tokens
from stitchnb.sandbox.store.tokens import AccessTokens

IMPORT_API = "import_api"
"""The type of sources that receive data."""


class ImportTokenEndpoints:
    """The access tokens of the account's Import API sources."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of access tokens."""
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
        """Create a token. No later response shows it again."""
        token = secrets.token_hex(32)
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            token_id = self._ctx.ids.import_token(db)
            tokens.add_import_token(db, token_id, number, token, self._ctx.now())
        return {"id": token_id, "access_token": token}

    def list(self, source_id: str) -> list[int]:
        """Return the ids of a source's tokens."""
        with self._ctx.state.read() as db:
            return tokens.list_import_tokens(db, self._import_source(db, source_id))

    def delete(self, source_id: str, token_id: str) -> dict[str, Any]:
        """Revoke a token; return the source."""
        with self._ctx.state.transaction() as db:
            number = self._import_source(db, source_id)
            if not tokens.delete_import_token(db, number, errors.parsed_id(token_id)):
                raise errors.import_token_not_found(token_id)
        return self._sources.get(source_id)

    @staticmethod
    def _import_source(db: sqlite3.Connection, source_id: str) -> int:
        number = errors.parsed_id(source_id)
        row = sources.get(db, number)
        if number is None or row is None or row["deleted_at"]:
            raise errors.source_not_found(source_id)
        if row["type"] != IMPORT_API:
            raise errors.not_an_import_source(source_id)
        return number


_REQUIRED = ("partner_id", "partner_secret", "first_name", "last_name", "company", "email", "region")
_EPHEMERAL_LIFETIME = timedelta(hours=1)


class AccountEndpoints:
    """Accounts as a partner creates them.

    A sandbox is one account, so a created account is that same one: its token is one more valid token, its id the
    sandbox's ``client_id``. Any partner id and secret are accepted, and the secret is not stored.
    """

    def __init__(self, ctx: SandboxContext, access_tokens: AccessTokens) -> None:
        self._ctx = ctx
        self._access_tokens = access_tokens

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of accounts and sessions."""
        return [
            Endpoint("POST", "/v3/accounts", lambda request: self.create(request.body), auth="none"),
            Endpoint("POST", "/v3/sessions/ephemeral", lambda request: self.open_session()),
        ]

    def create(self, body: Any) -> dict[str, Any]:
        """Create an account; an email address can have only one."""
        values = body if isinstance(body, dict) else {}
        missing = [name for name in _REQUIRED if not isinstance(values.get(name), str) or not values[name].strip()]
        if missing:
            raise errors.invalid_account(missing)
        with self._ctx.state.transaction() as db:
            email = values["email"].strip().lower()
            if not tokens.add_user(db, email, values["company"], values["region"], self._ctx.now()):
                raise errors.existing_user()
            token = self._access_tokens.create("at_")
        return {"access_token": token, "stitch_account_id": self._ctx.client_id}

    def open_session(self) -> dict[str, Any]:
        """Create a token that is valid for one hour."""
        return {"ephemeral_token": self._access_tokens.create("et_", lifetime=_EPHEMERAL_LIFETIME)}
