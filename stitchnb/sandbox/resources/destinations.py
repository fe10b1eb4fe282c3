"""Destinations: created, looked at, changed and deleted. A new sandbox has one: its embedded warehouse.

The server of a destination is made up, and its rows land in the embedded warehouse, unless its type was bound to a
real one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.models import ReportCard
from stitchnb.rules.report_cards import progress as report_cards
from stitchnb.rules.report_cards import properties
from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext, destination_card, split_credentials
from stitchnb.sandbox.endpoints import APIResponse, Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.bodies import checked_body
from stitchnb.sandbox.resources.sources import SourceEndpoints

# The embedded warehouse behaves like the API's PostgreSQL destination, and is told as one.
_EMBEDDED = {"type": "postgres", "name": "Embedded warehouse", "description": "DuckDB, on this machine"}

_LIVE = "SELECT * FROM destinations WHERE deleted_at IS NULL"


class DestinationEndpoints:
    """The destinations of the account."""

    def __init__(self, ctx: SandboxContext, engine: Engine, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._engine = engine
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of destinations."""
        all_, one = "/v4/destinations", "/v4/destinations/{destination_id}"
        return [
            Endpoint("GET", all_, lambda request: self.list(request.query)),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["destination_id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["destination_id"])),
        ]

    def ensure_embedded(self) -> None:
        """Make the embedded warehouse's destination, with a good check, in a new sandbox."""
        with self._ctx.state.transaction() as db:
            if db.execute("SELECT 1 FROM destinations").fetchone():
                return
            now = self._ctx.now()
            destination_id = self._ctx.ids.destination(db)
            self._ctx.keep_connection(db, destination_id, "destination")
            db.execute(
                "INSERT INTO destinations (id, type, name, description, properties, is_embedded, created_at, "
                "updated_at) VALUES (?, ?, ?, ?, '{}', 1, ?, ?)",
                (destination_id, *_EMBEDDED.values(), now, now),
            )
            db.execute(
                "INSERT INTO checks (name, connection_id, status, start_time, completion_time, check_exit_status, "
                "target_exit_status) VALUES (?, ?, 'succeeded', ?, ?, 0, 0)",
                (self._ctx.ids.embedded_check_name(destination_id), destination_id, now, now),
            )

    # -- looking ------------------------------------------------------------------------------------------------------

    def list(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Answer with the destinations: all, those that a source goes to, or one."""
        if set(query) - {"source_id", "destination_id"}:
            raise errors.unknown_destination_query()
        with self._ctx.state.read() as db:
            rows = db.execute(f"{_LIVE} ORDER BY id").fetchall()
            if "source_id" in query:
                source_id = errors.parsed_id(query["source_id"])
                rows = [] if source_id is None else mapping.destinations_of(db, source_id)
            if "destination_id" in query:
                rows = [row for row in rows if str(row["id"]) == query["destination_id"]]
            return [self._body(db, row) for row in rows]

    # -- changing -----------------------------------------------------------------------------------------------------

    def create(self, body: Any) -> dict[str, Any]:
        """Create a destination and, when its form is complete, start its connection check."""
        body = checked_body(
            body,
            {"type", "name", "description", "properties", "ignore_unmapped_sources"},
            errors.invalid_destination_post_body,
        )
        type_, given = body.get("type"), body.get("properties", {})
        name, description = body.get("name"), body.get("description")
        ignores_unmapped = body.get("ignore_unmapped_sources", False)
        texts_are_fine = all(text is None or isinstance(text, str) for text in (name, description))
        if not (isinstance(type_, str) and type_ and isinstance(given, dict) and texts_are_fine):
            raise errors.invalid_destination_post_body()
        if not isinstance(ignores_unmapped, bool):
            raise errors.invalid_destination_post_body()
        card = destination_card(type_)
        if card is None:
            raise errors.invalid_type(type_, kind="destination")
        if not self._ctx.plan.allows_type(card.details.to_dict()):
            raise errors.no_access_to_type(type_, kind="destination")
        with self._ctx.state.transaction() as db:
            if len(db.execute(_LIVE).fetchall()) >= self._ctx.plan.destination_limit:
                raise errors.destination_limit()
            _refuse_bad(card, given)
            destination_id = self._ctx.ids.destination(db)
            shown, secret = split_credentials(card, given)
            now = self._ctx.now()
            self._ctx.keep_connection(db, destination_id, "destination")
            db.execute(
                "INSERT INTO destinations (id, type, name, description, properties, ignore_unmapped_sources, "
                "created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (destination_id, type_, name, description, json.dumps(shown), int(ignores_unmapped), now, now),
            )
            self._ctx.credentials.save(db, destination_id, secret)
            self._check(db, destination_id)
            self._sources.refresh_all(db)
            return self._body(db, self._live(db, destination_id), told_check=True)

    def update(self, destination_id: str, body: Any) -> dict[str, Any]:
        """Change some of a destination's properties, which are then checked again."""
        with self._ctx.state.transaction() as db:
            row = self._live(db, errors.parsed_id(destination_id))
            if isinstance(body, dict) and "type" in body:
                raise errors.fixed_destination_type()
            given = checked_body(body, {"properties"}, errors.invalid_destination_put_body).get("properties")
            if not isinstance(given, dict):
                raise errors.invalid_destination_put_body()
            card = destination_card(row["type"]) or ReportCard({})
            _refuse_bad(card, given)
            shown, secret = split_credentials(card, given)
            db.execute(
                "UPDATE destinations SET properties = ?, updated_at = ? WHERE id = ?",
                (json.dumps({**json.loads(row["properties"]), **shown}), self._ctx.now(), row["id"]),
            )
            self._ctx.credentials.save(db, row["id"], secret)
            self._check(db, row["id"])
            self._sources.refresh_all(db)
            return self._body(db, self._live(db, row["id"]), told_check=True)

    def delete(self, destination_id: str) -> APIResponse:
        """Delete a destination; the sources that were mapped to it wait for another. The answer's body is empty."""
        if not (destination_id.isascii() and destination_id.isdecimal()):
            raise errors.no_such_route("DELETE", f"/v4/destinations/{destination_id}")
        number = errors.parsed_id(destination_id)
        with self._ctx.state.transaction() as db:
            now = self._ctx.now()
            deleted = db.execute(
                "UPDATE destinations SET deleted_at = ?, updated_at = ? WHERE id = ? AND deleted_at IS NULL",
                (now, now, number),
            )
            if not deleted.rowcount:
                raise errors.no_destination_to_delete(self._ctx.client_id, destination_id)
            db.execute("UPDATE sources SET destination_id = NULL WHERE destination_id = ?", (number,))
            self._sources.refresh_all(db)
        return APIResponse(b"")

    # -- parts --------------------------------------------------------------------------------------------------------

    @staticmethod
    def _live(db: sqlite3.Connection, destination_id: int | None) -> sqlite3.Row:
        row = db.execute(f"{_LIVE} AND id = ?", (destination_id,)).fetchone()
        if row is None:
            raise errors.invalid_connection_id()
        found: sqlite3.Row = row
        return found

    def _check(self, db: sqlite3.Connection, destination_id: int) -> None:
        """Check the connection once its form is complete."""
        if self._card(db, self._live(db, destination_id))["current_step_type"] != "form":
            self._engine.start_check(destination_id)

    def _card(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        """Put together the destination's report card; it is never stored."""
        card = destination_card(row["type"]) or ReportCard({"type": row["type"]})
        if row["is_embedded"]:
            return report_cards.with_progress(card, provided={p.name for p in card.properties})
        shown = {name for name, value in json.loads(row["properties"]).items() if value is not None}
        return report_cards.with_progress(card, provided=shown | self._ctx.credentials.names(db, row["id"]))

    def _body(self, db: sqlite3.Connection, row: sqlite3.Row, *, told_check: bool = False) -> dict[str, Any]:
        body: dict[str, Any] = {
            "properties": dict(sorted(json.loads(row["properties"]).items())),
            "updated_at": row["updated_at"],
        }
        check = db.execute(
            "SELECT name FROM checks WHERE connection_id = ? ORDER BY number DESC LIMIT 1", (row["id"],)
        ).fetchone()
        if check and told_check:
            body["check_job_name"] = check["name"]
        return body | {
            "name": row["name"],
            "description": row["description"],
            "type": row["type"],
            "deleted_at": row["deleted_at"],
            "system_paused_at": None,
            "stitch_client_id": self._ctx.client_id,
            "paused_at": None,
            "id": row["id"],
            "created_at": row["created_at"],
            "report_card": self._card(db, row),
        }


def _refuse_bad(card: ReportCard, given: Mapping[str, Any]) -> None:
    bad = properties.bad_properties(card, given)
    if bad:
        raise errors.invalid_properties(bad, report_cards.with_progress(card, provided=set(given) - set(bad)))
