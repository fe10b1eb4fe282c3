"""Connection checks of sources and destinations, looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.api.schemas import EndpointSchema, ref
from stitchnb.models import Property, ReportCard
from stitchnb.rules.report_cards import progress as report_cards
from stitchnb.rules.report_cards import properties
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import Kind, SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.middleware import CONTROL
from stitchnb.sandbox.resources.sources import SourceEndpoints

_AUTHORISED = ("oauth", "profile")


class AuthorizationEndpoints:
    """Stands in for the browser: a control of the sandbox's own, for the API itself has no such endpoint."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoint that authorises a source."""
        return [
            Endpoint(
                "POST",
                f"{CONTROL}/sources/{{source_id}}/authorize",
                lambda request: self.authorize(request.path["source_id"]),
                "Authorise a source's oauth or profile step, as somebody would in the browser",
                schema=EndpointSchema(ref("Source"), error_statuses=(400,)),
            )
        ]

    def authorize(self, source_id: str) -> dict[str, Any]:
        """Let Stitch provide what the source's current step is still without, and move it on.

        What the user gives themselves, their own client included, stays as it is; what only the user can give must be
        there before. Answers with the source.
        """
        return self._sources.grant(source_id, self._granted)

    def _granted(self, source_id: int, card: ReportCard) -> Mapping[str, Any]:
        step = card.step(card.current_step_type or "")
        if step is None or not any(card.step(type_) for type_ in _AUTHORISED):
            raise errors.nothing_to_authorize(source_id, f"{card.type_name} has no step that asks for it")
        if missing := report_cards.asked_for(step):
            waits = f"its {step.type} step still needs {', '.join(missing)}, which only you can give"
            raise errors.nothing_to_authorize(source_id, waits)
        if step.type not in _AUTHORISED:
            return {}
        granted = [p for p in step.properties if p.property_type == "system_provided_by_default" and not p.provided]
        return {p.name: self._value(source_id, p) for p in granted}

    def _value(self, source_id: int, prop: Property) -> Any:
        """Make up a value that the property's schema takes."""
        granted = self._ctx.ids.granted(source_id, prop.name)
        host = f"https://{granted[:8]}.example.com/"
        for value in (granted, host, [granted], str(int(granted[:8], 16))):
            if properties.value_error(prop, value) is None:
                return value
        raise errors.nothing_to_authorize(source_id, f"the sandbox cannot make up a value for {prop.name}")


class CheckEndpoints:
    """The last connection check of each source and destination."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of connection checks."""
        return [
            Endpoint(
                "GET",
                "/v4/sources/{source_id}/last-connection-check",
                lambda request: self.last_of_source(request.path["source_id"]),
            ),
            Endpoint(
                "GET",
                "/v4/destinations/{destination_id}/last-connection-check",
                lambda request: self.last_of_destination(request.path["destination_id"]),
            ),
        ]

    def last_of_source(self, source_id: str) -> dict[str, Any]:
        """Answer with a source's last connection check."""
        number = errors.parsed_id(source_id)
        with self._ctx.state.read() as db:
            if db.execute("SELECT 1 FROM sources WHERE id = ?", (number,)).fetchone() is None:
                raise errors.source_not_found(source_id)
        return self._last("source", source_id, errors.unchecked_source(source_id))

    def last_of_destination(self, destination_id: str) -> dict[str, Any]:
        """Answer with a destination's last connection check."""
        return self._last("destination", destination_id, errors.invalid_connection_id())

    def _last(self, kind: Kind, connection_id: str, refusal: errors.APIErrorResponse) -> dict[str, Any]:
        number = errors.parsed_id(connection_id)
        with self._ctx.state.read() as db:
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
