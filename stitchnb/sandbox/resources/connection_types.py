"""Source types and destination types: what can be created, on this account's plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stitchnb.sandbox import catalog, errors
from stitchnb.sandbox.context import SandboxContext
from stitchnb.sandbox.endpoints import Endpoint


class ConnectionTypeEndpoints:
    """The types of the catalogue."""

    def __init__(self, ctx: SandboxContext) -> None:
        self._ctx = ctx

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of source types and destination types."""
        return [
            Endpoint("GET", "/v4/source-types", lambda request: self.list_source_types()),
            Endpoint(
                "GET",
                "/v4/source-types/{source_type}",
                lambda request: self.get_source_type(request.path["source_type"]),
            ),
            Endpoint("GET", "/v4/destination-types", lambda request: self.list_destination_types()),
            Endpoint(
                "GET",
                "/v4/destination-types/{destination_type}",
                lambda request: self.get_destination_type(request.path["destination_type"]),
            ),
        ]

    def list_source_types(self) -> list[dict[str, Any]]:
        """Answer with every source type, old ones without steps included."""
        return [self._on_plan(card) for card in catalog.source_types().values()]

    def get_source_type(self, source_type: str) -> dict[str, Any]:
        """Answer with one source type's report card."""
        if source_type not in catalog.source_types():
            raise errors.invalid_type(source_type)
        return self._on_plan(catalog.source_type(source_type))

    def list_destination_types(self) -> list[dict[str, Any]]:
        """Answer with every destination type."""
        return [self._on_plan(card) for card in catalog.destination_types().values()]

    def get_destination_type(self, destination_type: str) -> dict[str, Any]:
        """Answer with one destination type's report card."""
        if destination_type not in catalog.destination_types():
            raise errors.invalid_type(destination_type, kind="destination")
        return self._on_plan(catalog.destination_type(destination_type))

    def _on_plan(self, card: dict[str, Any]) -> dict[str, Any]:
        """Tell what this account may use; the card is a copy of the caller's own."""
        card["details"]["access"] = self._ctx.plan.allows_type(card["details"])
        return card
