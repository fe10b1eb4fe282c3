"""Connection checks, looked at."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stitchnb.sandbox import refusals
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.world import World


class Checks:
    """The last connection check of each source."""

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
            ),
        ]

    def last_of_source(self, source_id: str) -> dict[str, Any]:
        """Answer with a source's last connection check."""
        number = refusals.parsed_id(source_id)
        with self._world.state.reading() as db:
            row = db.execute(
                "SELECT * FROM checks WHERE source_id = ? ORDER BY number DESC LIMIT 1", (number,)
            ).fetchone()
        if row is None:
            raise refusals.source_not_found(source_id)
        return {
            "target_exit_status": None,
            "tap_error_message": None,
            "check_exit_status": row["check_exit_status"],
            "name": row["name"],
            "start_time": row["start_time"],
            "mode": "check",
            "tap_exit_status": None,
            "target_error_message": None,
            "discovery_exit_status": row["discovery_exit_status"],
            "status": row["status"],
            "completion_time": row["completion_time"],
            "error": row["status"] == "failed",
            "discovery_error_message": row["discovery_error_message"],
        }
