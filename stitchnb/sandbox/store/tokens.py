"""Who may ask: the token that the sandbox was made with, and those that it gave out since."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from stitchnb.models import format_time
from stitchnb.sandbox.context import SandboxContext


class Tokens:
    """The access tokens of the sandbox's one account.

    Only digests of those given out are kept, so the state file opens nothing.

    Parameters
    ----------
    token
        The token that the sandbox was made with; it is never written down.
    """

    def __init__(self, ctx: SandboxContext, token: str) -> None:
        self._ctx = ctx
        self._own = _digest(token)

    def accepts(self, authorization: str) -> bool:
        """Is this the value of an ``Authorization`` header with a valid token?"""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            return False
        digest = _digest(token)
        if hmac.compare_digest(digest, self._own):
            return True
        with self._ctx.state.read() as db:
            row = db.execute("SELECT expires_at FROM access_tokens WHERE digest = ?", (digest,)).fetchone()
        # Times are written so that they sort as text.
        return row is not None and (row["expires_at"] is None or row["expires_at"] > self._ctx.now())

    def give_out(self, prefix: str = "", *, lifetime: timedelta | None = None) -> str:
        """Make one more valid token.

        Parameters
        ----------
        lifetime
            How long it is valid, by the sandbox's clock; None for ever.
        """
        token = prefix + secrets.token_urlsafe(24)
        expires_at = None if lifetime is None else format_time(self._ctx.at() + lifetime)
        with self._ctx.state.transaction() as db:
            db.execute("DELETE FROM access_tokens WHERE expires_at <= ?", (self._ctx.now(),))
            db.execute(
                "INSERT INTO access_tokens (digest, created_at, expires_at) VALUES (?, ?, ?)",
                (_digest(token), self._ctx.now(), expires_at),
            )
        return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
