"""Connection checks of sources and destinations, looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stitchnb.sandbox import refusals, shapes
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.world import Kind, World


class Checks:
    """The last connection check of each source and destination."""

    def __init__(self, world: World) -> None:
        self._world = world

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of connection checks."""
        return [
            Endpoint(
                "GET",
                "/v4/sources/{source_id}/last-connection-check",
                lambda call: self.last_of_source(call.path["source_id"]),
                "A source's last connection check",
                shape=shapes.CHECK,
            ),
            Endpoint(
                "GET",
                "/v4/destinations/{destination_id}/last-connection-check",
                lambda call: self.last_of_destination(call.path["destination_id"]),
                "A destination's last connection check",
                shape=shapes.CHECK,
            ),
        ]

    def last_of_source(self, source_id: str) -> dict[str, Any]:
        """Answer with a source's last connection check."""
        number = refusals.parsed_id(source_id)
        with self._world.state.reading() as db:
            if db.execute("SELECT 1 FROM sources WHERE id = ?", (number,)).fetchone() is None:
                raise refusals.source_not_found(source_id)
        return self._last("source", source_id, refusals.unchecked_source(source_id))

    def last_of_destination(self, destination_id: str) -> dict[str, Any]:
        """Answer with a destination's last connection check."""
        return self._last("destination", destination_id, refusals.invalid_connection_id())

    def _last(self, kind: Kind, connection_id: str, refusal: refusals.Refusal) -> dict[str, Any]:
        number = refusals.parsed_id(connection_id)
        with self._world.state.reading() as db:
            row = db.execute(
                "SELECT checks.* FROM checks JOIN connections ON connections.id = connection_id "
                "WHERE connection_id = ? AND kind = ? ORDER BY number DESC LIMIT 1",
                (number, kind),
            ).fetchone()
        if row is None:
            raise refusal
        return {
            "target_exit_status": row["target_exit_status"],
            "tap_error_message": None,
            "check_exit_status": row["check_exit_status"],
            "name": row["name"],
            "start_time": row["start_time"],
            "mode": "check",
            "tap_exit_status": None,
            "target_error_message": row["target_error_message"],
            "discovery_exit_status": row["discovery_exit_status"],
            "status": row["status"],
            "completion_time": row["completion_time"],
            "error": row["status"] == "failed",
            "discovery_error_message": row["discovery_error_message"],
        }
