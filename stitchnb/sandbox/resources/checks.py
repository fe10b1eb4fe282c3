"""Connection checks of sources and destinations, and the authorization of sources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.api.schemas import EndpointSchema, ref
from stitchnb.models import Property, ReportCard
from stitchnb.rules.report_cards import progress as report_cards
from stitchnb.rules.report_cards import properties
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.middleware import CONTROL
from stitchnb.sandbox.resources.sources import SourceEndpoints
from stitchnb.sandbox.store import connections, sources
from stitchnb.sandbox.store.connections import Kind

_AUTHORIZED_STEPS = ("oauth", "profile")


class AuthorizationEndpoints:
    """Takes the place of the browser: an endpoint of the sandbox alone, as the API has none."""

    def __init__(self, ctx: SandboxContext, sources: SourceEndpoints) -> None:
        self._ctx = ctx
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoint that authorises a source."""
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
        """Provide what Stitch provides in the source's current step, which completes it; return the source.

        What the user provides, an OAuth client of their own included, is unchanged. What only the user can provide
        must be there before.
        """
        return self._sources.grant(source_id, self._granted)

    def _granted(self, source_id: int, card: ReportCard) -> Mapping[str, Any]:
        step = card.step(card.current_step_type or "")
        if step is None or not any(card.step(type_) for type_ in _AUTHORIZED_STEPS):
            raise errors.nothing_to_authorize(source_id, f"{card.type_name} has no step that asks for it")
        if missing := report_cards.missing_properties(step):
            waits = f"its {step.type} step still needs {', '.join(missing)}, which only you can give"
            raise errors.nothing_to_authorize(source_id, waits)
        if step.type not in _AUTHORIZED_STEPS:
            return {}
        granted = [p for p in step.properties if p.property_type == "system_provided_by_default" and not p.provided]
        return {p.name: self._value(source_id, p) for p in granted}

    def _value(self, source_id: int, prop: Property) -> Any:
        """Generate a value that the property's schema accepts."""
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
        """Return the endpoints of connection checks."""
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
        """Return a source's last connection check."""
        number = errors.parsed_id(source_id)
        with self._ctx.state.read() as db:
            if sources.get(db, number) is None:
                raise errors.source_not_found(source_id)
        return self._last("source", source_id, errors.unchecked_source(source_id))

    def last_of_destination(self, destination_id: str) -> dict[str, Any]:
        """Return a destination's last connection check."""
        return self._last("destination", destination_id, errors.invalid_connection_id())

    def _last(self, kind: Kind, connection_id: str, missing: errors.APIErrorResponse) -> dict[str, Any]:
        number = errors.parsed_id(connection_id)
        with self._ctx.state.read() as db:
            row = connections.last_check(db, number, kind)
        if row is None:
            raise missing
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
