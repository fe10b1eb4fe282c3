"""Client accounts and ephemeral sessions: more tokens for the sandbox's one account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from stitchnb.sandbox import refusals, shapes
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.tokens import Tokens
from stitchnb.sandbox.world import World

_REQUIRED = ("partner_id", "partner_secret", "first_name", "last_name", "company", "email", "region")
_EPHEMERAL_LIFETIME = timedelta(hours=1)


class Accounts:
    """Accounts as a partner creates them.

    A sandbox is one account, so a created account is that same one: its token is one more valid token, its id the
    sandbox's ``client_id``. Any partner's id and secret are taken, and the secret is not kept.
    """

    def __init__(self, world: World, tokens: Tokens) -> None:
        self._world = world
        self._tokens = tokens

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of accounts and sessions."""
        return [
            Endpoint(
                "POST",
                "/v3/accounts",
                lambda call: self.create(call.body),
                "Create a client account",
                shape=shapes.NEW_ACCOUNT,
                auth="none",
            ),
            Endpoint(
                "POST",
                "/v3/sessions/ephemeral",
                lambda call: self.open_session(),
                "Get a token that is valid one hour",
                shape=shapes.EPHEMERAL_TOKEN,
            ),
        ]

    def create(self, body: Any) -> dict[str, Any]:
        """Create an account; a person can have only one."""
        given = body if isinstance(body, dict) else {}
        missing = [name for name in _REQUIRED if not isinstance(given.get(name), str) or not given[name].strip()]
        if missing:
            raise refusals.invalid_account(missing)
        with self._world.state.transaction() as db:
            added = db.execute(
                "INSERT INTO users (email, company, region, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (given["email"].strip().lower(), given["company"], given["region"], self._world.now()),
            )
            if not added.rowcount:
                raise refusals.existing_user()
            token = self._tokens.give_out("at_")
        return {"access_token": token, "stitch_account_id": self._world.client_id}

    def open_session(self) -> dict[str, Any]:
        """Give a token that is valid one hour."""
        return {"ephemeral_token": self._tokens.give_out("et_", lifetime=_EPHEMERAL_LIFETIME)}
