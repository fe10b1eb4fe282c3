"""Destinations: create, list, change and delete them. A new sandbox has one: its embedded warehouse.

The server of a destination is simulated and its rows land in the embedded warehouse, unless its type is bound to a
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
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext, destination_type_card, split_credentials
from stitchnb.sandbox.endpoints import APIResponse, Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.request_bodies import checked_body
from stitchnb.sandbox.resources.sources import reschedule_all
from stitchnb.sandbox.store import connections, destinations, sources


def add_embedded_destination(ctx: SandboxContext) -> None:
    """Add the embedded warehouse's destination, with a check that has succeeded, to a new state.

    It behaves like the API's PostgreSQL destination, so that is its type.
    """
    with ctx.state.transaction() as db:
        if destinations.exists_any(db):
            return
        now = ctx.now()
        row = destinations.add(
            db,
            ctx.ids.destination(db),
            type_="postgres",
            name="Embedded warehouse",
            description="DuckDB, on this machine",
            properties="{}",
            now=now,
            is_embedded=True,
        )
        connections.add_passed_check(db, ctx.ids.embedded_check_name(row["id"]), row["id"], now)


class DestinationEndpoints:
    """The destinations of the account."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of destinations."""
        all_, one = "/v4/destinations", "/v4/destinations/{destination_id}"
        return [
            Endpoint("GET", all_, lambda request: self.list(request.query)),
            Endpoint("POST", all_, lambda request: self.create(request.body)),
            Endpoint("PUT", one, lambda request: self.update(request.path["destination_id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["destination_id"])),
        ]

    def list(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Return the destinations: all, those that a source goes to, or one."""
        if set(query) - {"source_id", "destination_id"}:
            raise errors.unknown_destination_query()
        with self._ctx.state.read() as db:
            if "source_id" in query:
                source_id = errors.parsed_id(query["source_id"])
                rows = [] if source_id is None else destinations.list_of_source(db, source_id)
            else:
                rows = destinations.list_live(db)
            if "destination_id" in query:
                rows = [row for row in rows if str(row["id"]) == query["destination_id"]]
            return [self._body(db, row) for row in rows]

    def create(self, body: Any) -> dict[str, Any]:
        """Create a destination and, when its form is complete, start its connection check."""
        body = checked_body(
            body,
            {"type", "name", "description", "properties", "ignore_unmapped_sources"},
            errors.invalid_destination_post_body,
        )
        type_, values = body.get("type"), body.get("properties", {})
        name, description = body.get("name"), body.get("description")
        ignores_unmapped = body.get("ignore_unmapped_sources", False)
        texts_are_valid = all(text is None or isinstance(text, str) for text in (name, description))
        if not (isinstance(type_, str) and type_ and isinstance(values, dict) and texts_are_valid):
            raise errors.invalid_destination_post_body()
        if not isinstance(ignores_unmapped, bool):
            raise errors.invalid_destination_post_body()
        card = destination_type_card(type_)
        if card is None:
            raise errors.invalid_type(type_, kind="destination")
        if not self._ctx.plan.allows_type(card.details.to_dict()):
            raise errors.no_access_to_type(type_, kind="destination")
        with self._ctx.state.transaction() as db:
            if len(destinations.list_live(db)) >= self._ctx.plan.destination_limit:
                raise errors.destination_limit()
            _reject_invalid(card, values)
            shown, secret = split_credentials(card, values)
            row = destinations.add(
                db,
                self._ctx.ids.destination(db),
                type_=type_,
                name=name,
                description=description,
                properties=json.dumps(shown),
                now=self._ctx.now(),
                ignore_unmapped_sources=ignores_unmapped,
            )
            self._ctx.credentials.save(db, row["id"], secret)
            return self._finish(db, row)

    def update(self, destination_id: str, body: Any) -> dict[str, Any]:
        """Change some of a destination's properties, which are then checked again."""
        with self._ctx.state.transaction() as db:
            row = destinations.get_live(db, errors.parsed_id(destination_id))
            if row is None:
                raise errors.invalid_connection_id()
            if isinstance(body, dict) and "type" in body:
                raise errors.fixed_destination_type()
            values = checked_body(body, {"properties"}, errors.invalid_destination_put_body).get("properties")
            if not isinstance(values, dict):
                raise errors.invalid_destination_put_body()
            card = destination_type_card(row["type"]) or ReportCard({})
            _reject_invalid(card, values)
            shown, secret = split_credentials(card, values)
            stored = json.dumps({**json.loads(row["properties"]), **shown})
            self._ctx.credentials.save(db, row["id"], secret)
            return self._finish(db, destinations.set_properties(db, row["id"], stored, self._ctx.now()))

    def delete(self, destination_id: str) -> APIResponse:
        """Delete a destination; sources that are mapped to it wait for another. The response body is empty."""
        if not (destination_id.isascii() and destination_id.isdecimal()):
            raise errors.no_such_route("DELETE", f"/v4/destinations/{destination_id}")
        number = errors.parsed_id(destination_id)
        with self._ctx.state.transaction() as db:
            if number is None or not destinations.delete(db, number, self._ctx.now()):
                raise errors.no_destination_to_delete(self._ctx.client_id, destination_id)
            sources.unmap(db, number)
            reschedule_all(self._ctx, db)
        return APIResponse(b"")

    def _finish(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        """Start the check if the form is complete, reschedule the sources and return the destination."""
        card = self._card(db, row)
        if card["current_step_type"] != "form":
            self._engine.start_check(row["id"])
        reschedule_all(self._ctx, db)
        body = self._body(db, row, card)
        check = connections.last_check_name(db, row["id"])
        return body if check is None else {**body, "check_job_name": check}

    def _card(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        """Return the destination's report card; it is never stored."""
        card = destination_type_card(row["type"]) or ReportCard({"type": row["type"]})
        if row["is_embedded"]:
            return report_cards.with_progress(card, provided={p.name for p in card.properties})
        shown = {name for name, value in json.loads(row["properties"]).items() if value is not None}
        return report_cards.with_progress(card, provided=shown | self._ctx.credentials.names(db, row["id"]))

    def _body(self, db: sqlite3.Connection, row: sqlite3.Row, card: dict[str, Any] | None = None) -> dict[str, Any]:
        return {
            "properties": dict(sorted(json.loads(row["properties"]).items())),
            "updated_at": row["updated_at"],
            "name": row["name"],
            "description": row["description"],
            "type": row["type"],
            "deleted_at": row["deleted_at"],
            "system_paused_at": None,
            "stitch_client_id": self._ctx.client_id,
            "paused_at": None,
            "id": row["id"],
            "created_at": row["created_at"],
            "report_card": self._card(db, row) if card is None else card,
        }


def _reject_invalid(card: ReportCard, values: Mapping[str, Any]) -> None:
    invalid = properties.bad_properties(card, values)
    if invalid:
        progress = report_cards.with_progress(card, provided=set(values) - set(invalid))
        raise errors.invalid_properties(invalid, progress)
