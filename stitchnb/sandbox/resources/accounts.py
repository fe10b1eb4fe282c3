"""Client accounts and ephemeral sessions: more tokens for the sandbox's one account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.store import tokens
from stitchnb.sandbox.store.tokens import AccessTokens

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
