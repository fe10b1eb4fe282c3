"""Authorising a source: what a person does in the browser, at the service that rows come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from stitchnb.models import Property, ReportCard
from stitchnb.rules import properties, report_cards
from stitchnb.sandbox import refusals, shapes
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.resources.sources import Sources
from stitchnb.sandbox.traffic import CONTROL
from stitchnb.sandbox.world import World

_AUTHORISED = ("oauth", "profile")


class Authorizations:
    """Stands in for the browser: a control of the sandbox's own, for the API itself has no such endpoint."""

    def __init__(self, world: World, sources: Sources) -> None:
        self._world = world
        self._sources = sources

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoint that authorises a source."""
        return [
            Endpoint(
                "POST",
                f"{CONTROL}/sources/{{source_id}}/authorize",
                lambda call: self.authorize(call.path["source_id"]),
                "Authorise a source's oauth or profile step, as somebody would in the browser",
                shape=shapes.SOURCE,
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
            raise refusals.nothing_to_authorize(source_id, f"{card.type_name} has no step that asks for it")
        if missing := report_cards.asked_for(step):
            waits = f"its {step.type} step still needs {', '.join(missing)}, which only you can give"
            raise refusals.nothing_to_authorize(source_id, waits)
        if step.type not in _AUTHORISED:
            return {}
        granted = [p for p in step.properties if p.property_type == "system_provided_by_default" and not p.provided]
        return {p.name: self._value(source_id, p) for p in granted}

    def _value(self, source_id: int, prop: Property) -> Any:
        """Make up a value that the property's schema takes."""
        granted = self._world.ids.granted(source_id, prop.name)
        host = f"https://{granted[:8]}.example.com/"
        for value in (granted, host, [granted], str(int(granted[:8], 16))):
            if properties.value_error(prop, value) is None:
                return value
        raise refusals.nothing_to_authorize(source_id, f"the sandbox cannot make up a value for {prop.name}")
