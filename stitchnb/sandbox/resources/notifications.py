"""Notifications: the account's custom emails and its post-load hooks. No email is ever sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from stitchnb.models import format_time, parse_time
from stitchnb.rules.schema.formats import conforms
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.jobs.hooks import is_loopback, parsed_url
from stitchnb.sandbox.store import destinations
from stitchnb.sandbox.store import notifications as store

LIMIT = 10
"""The most custom emails, and the most hooks, that an account may have."""

_BASE = "/notifications/public/v1/api"
_HOOK_TYPE = "post_load"
_HOOK_VERSION = 1


class CustomEmailEndpoints:
    """Addresses that notifications would go to besides the account's users."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of custom emails."""
        all_, one = f"{_BASE}/custom-emails", f"{_BASE}/custom-emails/{{id}}"
        return [
            Endpoint("GET", all_, lambda request: self.list()),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["id"])),
        ]

    def list(self) -> list[dict[str, Any]]:
        """Return all custom emails."""
        with self._ctx.state.read() as db:
            return [self._body(row) for row in store.list_emails(db)]

    def create(self, body: Any) -> dict[str, Any]:
        """Add an address."""
        address = body.get("email_address") if isinstance(body, dict) else None
        if not isinstance(address, str) or not conforms("email", address):
            raise errors.invalid_email_address()
        with self._ctx.state.transaction() as db:
            if store.count_emails(db) >= LIMIT:
                raise errors.too_many_custom_emails()
            return self._body(store.add_email(db, self._ctx.ids.custom_email(db), address, self._ctx.now()))

    def update(self, id_: str, body: Any) -> dict[str, Any]:
        """Disable an address with any time, or enable it with null."""
        value = body.get("disabled_at") if isinstance(body, dict) else None
        moment = parse_time(value)
        with self._ctx.state.transaction() as db:
            row = self._row(db, id_)
            if not isinstance(body, dict) or set(body) != {"disabled_at"} or (value is not None and moment is None):
                raise errors.invalid_disabled_at(value)
            disabled_at = None if moment is None else format_time(moment)
            store.set_email_disabled(db, row["id"], disabled_at)
        return {"disabled_at": disabled_at}

    def delete(self, id_: str) -> Any:
        """Delete an address; return how many were deleted."""
        with self._ctx.state.transaction() as db:
            store.delete_email(db, self._row(db, id_)["id"])
        return [1]

    @staticmethod
    def _row(db: sqlite3.Connection, id_: str) -> sqlite3.Row:
        row: sqlite3.Row | None = store.get_email(db, errors.parsed_id(id_))
        if row is None:
            raise errors.custom_email_not_found()
        return row

    def _body(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "id": row["id"],
            "client_id": self._ctx.client_id,
            "email_address": row["email_address"],
            "created_at": row["created_at"],
            "disabled_at": row["disabled_at"],
        }


class HookEndpoints:
    """URLs that are called after every load into a destination.

    As with Stitch only https is accepted, and here also http for an address of this machine.
    """

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of hooks."""
        all_, one = f"{_BASE}/hooks", f"{_BASE}/hooks/{{id}}"
        return [
            Endpoint("GET", all_, lambda request: self.list()),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["id"])),
        ]

    def list(self) -> dict[str, Any]:
        """Return all hooks."""
        with self._ctx.state.read() as db:
            return {_HOOK_TYPE: [self._body(row) for row in store.list_hooks(db)]}

    def create(self, body: Any) -> dict[str, Any]:
        """Add a hook; it is called for loads from now on."""
        destination_id, url = _hook_of(body)
        with self._ctx.state.transaction() as db:
            if store.count_hooks(db) >= LIMIT:
                raise errors.too_many_hooks(LIMIT)
            if destinations.get_live(db, destination_id) is None:
                raise errors.invalid_hook_body()
            id_, now = self._ctx.ids.hook(db), self._ctx.now()
            return self._body(
                store.add_hook(db, id_, type_=_HOOK_TYPE, destination_id=destination_id, url=url, now=now)
            )

    def update(self, id_: str, body: Any) -> dict[str, Any]:
        """Enable or disable a hook."""
        with self._ctx.state.transaction() as db:
            row = self._row(db, id_)
            if not isinstance(body, dict) or set(body) != {"enable"} or not isinstance(body["enable"], bool):
                raise errors.invalid_hook_change()
            return self._body(store.set_hook_enabled(db, row["id"], body["enable"], self._ctx.now()))

    def delete(self, id_: str) -> None:
        """Delete a hook; deliveries to it that are waiting are dropped."""
        with self._ctx.state.transaction() as db:
            store.delete_hook(db, self._row(db, id_)["id"])

    @staticmethod
    def _row(db: sqlite3.Connection, id_: str) -> sqlite3.Row:
        row: sqlite3.Row | None = store.get_hook(db, errors.parsed_id(id_))
        if row is None:
            raise errors.hook_not_found()
        return row

    def _body(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "id": row["id"],
            "client_id": self._ctx.client_id,
            "type": row["type"],
            "version": _HOOK_VERSION,
            "destination_id": row["destination_id"],
            "config": {"url": row["url"]},
            "created_at": row["created_at"],
            "modified_at": row["modified_at"],
            "disabled_at": row["disabled_at"],
        }


def _hook_of(body: Any) -> tuple[int, str]:
    """Return the destination and URL of a new hook."""
    if not isinstance(body, dict) or set(body) != {"type", "destination_id", "config"} or body["type"] != _HOOK_TYPE:
        raise errors.invalid_hook_body()
    destination_id, config = body["destination_id"], body["config"]
    if isinstance(destination_id, bool) or not isinstance(destination_id, int) or not 0 < destination_id < 2**63:
        raise errors.invalid_hook_body()
    if not isinstance(config, dict) or set(config) != {"url"} or not isinstance(config["url"], str):
        raise errors.invalid_hook_body()
    url = parsed_url(config["url"])
    if url is None or not (url.scheme == "https" or is_loopback(url)):
        raise errors.invalid_hook_body()
    return destination_id, config["url"]
