"""Notifications: the account's custom e-mails and its post-load hooks. No mail is ever sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from stitchnb.models import format_time, parse_time
from stitchnb.rules.schema.formats import conforms
from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox import errors
from stitchnb.sandbox.addresses import is_loopback, parsed_url
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint

LIMIT = 10
"""Most custom e-mails, and most hooks, that an account may have."""

_BASE = "/notifications/public/v1/api"
_HOOK_TYPE = "post_load"
_HOOK_VERSION = 1


class CustomEmailEndpoints:
    """Addresses that notifications would go to besides the account's users."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of custom e-mails."""
        all_, one = f"{_BASE}/custom-emails", f"{_BASE}/custom-emails/{{id}}"
        return [
            Endpoint("GET", all_, lambda request: self.list()),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["id"])),
        ]

    def list(self) -> list[dict[str, Any]]:
        """Answer with all custom e-mails."""
        with self._ctx.state.read() as db:
            return [self._body(row) for row in db.execute("SELECT * FROM custom_emails ORDER BY id")]

    def create(self, body: Any) -> dict[str, Any]:
        """Add an address."""
        address = body.get("email_address") if isinstance(body, dict) else None
        if not isinstance(address, str) or not conforms("email", address):
            raise errors.invalid_email_address()
        with self._ctx.state.transaction() as db:
            if _count(db, "SELECT count(*) FROM custom_emails") >= LIMIT:
                raise errors.too_many_custom_emails()
            id_ = self._ctx.ids.custom_email(db)
            db.execute(
                "INSERT INTO custom_emails (id, email_address, created_at) VALUES (?, ?, ?)",
                (id_, address, self._ctx.now()),
            )
            return self._body(self._row(db, str(id_)))

    def update(self, id_: str, body: Any) -> dict[str, Any]:
        """Disable an address by any time, or enable it by null."""
        given = body.get("disabled_at") if isinstance(body, dict) else None
        moment = parse_time(given)
        with self._ctx.state.transaction() as db:
            row = self._row(db, id_)
            if not isinstance(body, dict) or set(body) != {"disabled_at"} or (given is not None and moment is None):
                raise errors.invalid_disabled_at(given)
            disabled_at = None if moment is None else format_time(moment)
            db.execute("UPDATE custom_emails SET disabled_at = ? WHERE id = ?", (disabled_at, row["id"]))
        return {"disabled_at": disabled_at}

    def delete(self, id_: str) -> Any:
        """Take an address off the list; the answer is how many that were."""
        with self._ctx.state.transaction() as db:
            db.execute("DELETE FROM custom_emails WHERE id = ?", (self._row(db, id_)["id"],))
        return [1]

    @staticmethod
    def _row(db: sqlite3.Connection, id_: str) -> sqlite3.Row:
        row = db.execute("SELECT * FROM custom_emails WHERE id = ?", (errors.parsed_id(id_),)).fetchone()
        if row is None:
            raise errors.custom_email_not_found()
        found: sqlite3.Row = row
        return found

    def _body(self, row: sqlite3.Row) -> dict[str, Any]:
        return {
            "id": row["id"],
            "client_id": self._ctx.client_id,
            "email_address": row["email_address"],
            "created_at": row["created_at"],
            "disabled_at": row["disabled_at"],
        }


class HookEndpoints:
    """Addresses that are told of every load into a destination.

    As with Stitch only https is taken, but http as well where the address is this machine's own.
    """

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of hooks."""
        all_, one = f"{_BASE}/hooks", f"{_BASE}/hooks/{{id}}"
        return [
            Endpoint("GET", all_, lambda request: self.list()),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["id"])),
        ]

    def list(self) -> dict[str, Any]:
        """Answer with all hooks."""
        with self._ctx.state.read() as db:
            return {_HOOK_TYPE: [self._body(row) for row in db.execute("SELECT * FROM hooks ORDER BY id")]}

    def create(self, body: Any) -> dict[str, Any]:
        """Add a hook; it tells of what is loaded from now on."""
        destination_id, url = _hook_of(body)
        with self._ctx.state.transaction() as db:
            if _count(db, "SELECT count(*) FROM hooks") >= LIMIT:
                raise errors.too_many_hooks(LIMIT)
            if not mapping.is_live(db, destination_id):
                raise errors.invalid_hook_body()
            id_, now = self._ctx.ids.hook(db), self._ctx.now()
            db.execute(
                "INSERT INTO hooks (id, type, destination_id, url, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?)",
                (id_, _HOOK_TYPE, destination_id, url, now, now),
            )
            return self._body(self._row(db, str(id_)))

    def update(self, id_: str, body: Any) -> dict[str, Any]:
        """Turn a hook off or on."""
        with self._ctx.state.transaction() as db:
            row = self._row(db, id_)
            if not isinstance(body, dict) or set(body) != {"enable"} or not isinstance(body["enable"], bool):
                raise errors.invalid_hook_change()
            now = self._ctx.now()
            db.execute(
                "UPDATE hooks SET disabled_at = ?, modified_at = ? WHERE id = ?",
                (None if body["enable"] else now, now, row["id"]),
            )
            return self._body(self._row(db, id_))

    def delete(self, id_: str) -> None:
        """Delete a hook; what is still under way to it is given up."""
        with self._ctx.state.transaction() as db:
            db.execute("DELETE FROM hooks WHERE id = ?", (self._row(db, id_)["id"],))

    @staticmethod
    def _row(db: sqlite3.Connection, id_: str) -> sqlite3.Row:
        row = db.execute("SELECT * FROM hooks WHERE id = ?", (errors.parsed_id(id_),)).fetchone()
        if row is None:
            raise errors.hook_not_found()
        found: sqlite3.Row = row
        return found

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
    """Read a new hook's destination and address."""
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


def _count(db: sqlite3.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])
