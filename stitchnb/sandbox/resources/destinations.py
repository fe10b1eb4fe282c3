"""Destinations, looked at. A new sandbox has one: its embedded warehouse."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.models import ReportCard
from stitchnb.rules import report_cards
from stitchnb.sandbox import catalog, refusals
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.world import World

# The embedded warehouse behaves like the API's PostgreSQL destination, and is told as one.
_EMBEDDED = {"type": "postgres", "name": "Embedded warehouse", "description": "DuckDB, on this machine"}


class Destinations:
    """The destinations of the account."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of destinations."""
        return [Endpoint("GET", "/v4/destinations", lambda call: self.list(call.query), "Every destination")]

    def ensure_embedded(self) -> None:
        """Make the embedded warehouse's destination when there is none yet."""
        with self._world.state.transaction() as db:
            if db.execute("SELECT 1 FROM destinations").fetchone():
                return
            now = self._world.now()
            db.execute(
                "INSERT INTO destinations (id, type, name, description, properties, created_at, updated_at) "
                "VALUES (?, ?, ?, ?, '{}', ?, ?)",
                (self._world.ids.destination(db), *_EMBEDDED.values(), now, now),
            )

    def list(self, query: Mapping[str, str]) -> list[dict[str, Any]]:
        """Answer with the destinations, all sources going to every one of them."""
        if set(query) - {"source_id", "destination_id"}:
            raise refusals.unknown_destination_query()
        with self._world.state.reading() as db:
            rows = db.execute("SELECT * FROM destinations WHERE deleted_at IS NULL ORDER BY id").fetchall()
            source_ids = {str(row["id"]) for row in db.execute("SELECT id FROM sources WHERE deleted_at IS NULL")}
        if "source_id" in query and query["source_id"] not in source_ids:
            rows = []
        if "destination_id" in query:
            rows = [row for row in rows if str(row["id"]) == query["destination_id"]]
        return [self._body(row) for row in rows]

    def _body(self, row: Any) -> dict[str, Any]:
        card = ReportCard(catalog.destination_type(row["type"]))
        everything = {p.name for p in card.properties}
        return {
            "properties": json.loads(row["properties"]),
            "updated_at": row["updated_at"],
            "name": row["name"],
            "description": row["description"],
            "type": row["type"],
            "deleted_at": row["deleted_at"],
            "system_paused_at": None,
            "stitch_client_id": self._world.client_id,
            "paused_at": None,
            "id": row["id"],
            "created_at": row["created_at"],
            "report_card": report_cards.with_progress(card, provided=everything),
        }
