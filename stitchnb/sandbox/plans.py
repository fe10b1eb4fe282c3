"""What an account's plan allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from stitchnb.errors import InvalidInputError

PlanName = Literal["standard", "advanced", "premium"]

_OPEN_STATES = ("released", "beta")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one plan allows.

    Attributes
    ----------
    allows_cron
        Sources may have a ``cron_expression``.
    destination_limit
        Most destinations at a time.
    allows_enterprise
        Released and beta types of the ``enterprise`` tier may be used.
    """

    name: PlanName
    allows_cron: bool
    destination_limit: int
    allows_enterprise: bool

    def allows_type(self, details: Mapping[str, Any]) -> bool:
        """May a type with these details, as on its report card, be used?"""
        if details.get("pricing_tier") == "enterprise":
            return self.allows_enterprise and details.get("pipeline_state") in _OPEN_STATES
        return bool(details.get("access"))


_PLANS = {
    "standard": Plan("standard", allows_cron=False, destination_limit=1, allows_enterprise=False),
    "advanced": Plan("advanced", allows_cron=True, destination_limit=3, allows_enterprise=False),
    "premium": Plan("premium", allows_cron=True, destination_limit=5, allows_enterprise=True),
}


def plan_named(name: str) -> Plan:
    """Find a plan; `InvalidInputError` where there is none of that name."""
    if name not in _PLANS:
        raise InvalidInputError(f"{name!r} is no plan: give one of {', '.join(map(repr, get_args(PlanName)))}.")
    return _PLANS[name]
