"""Which properties only count while another one says so.

A report card does not tell. Its names do: what begins with ``ssh_`` belongs to a tunnel, and a tunnel there is while
the boolean ``ssh`` is true; ``encryption_host`` is for an ``encryption_type`` other than ``none``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.models.report_card import Property, ReportCard
from stitchnb.rules.inputs import describe
from stitchnb.rules.properties import by_name

_OFF = frozenset({"disabled", "none", "off"})


@dataclass(frozen=True)
class Condition:
    """When a property counts.

    Attributes
    ----------
    governor
        The property that decides.
    values
        Its values for which the other one counts.
    """

    governor: str
    values: frozenset[str]

    def holds(self, value: Any) -> bool:
        """Say whether the governor's value lets the other one count; None, as nothing was given, does not."""
        text = str(value).lower() if isinstance(value, bool) else value
        return isinstance(text, str) and text in self.values


def conditions(report_card: ReportCard) -> Mapping[str, Condition]:
    """Tell which properties of a card count only on a condition.

    A boolean ``x`` governs every ``x_…``, and a choice ``x_type`` with ``none`` or ``off`` among its values every
    other ``x_…``; of two governors the one with the longer name. What the card requires counts always: without it the
    form would never be complete. So does what is Stitch's own.

    Returns
    -------
    Mapping
        Property name to condition, in the card's order.
    """
    known = by_name(report_card)
    governors = {
        prefix: Condition(name, values)
        for name, prop in known.items()
        if not prop.is_read_only and prop.property_type != "system_provided_by_default"
        for prefix, values in _governed_by(name, prop)
    }
    found: dict[str, Condition] = {}
    for name, prop in known.items():
        if prop.is_read_only or prop.is_required:
            continue
        prefix = max(
            (p for p in governors if name.startswith(p) and governors[p].governor != name), key=len, default=""
        )
        if prefix:
            found[name] = governors[prefix]
    return found


def _governed_by(name: str, prop: Property) -> list[tuple[str, frozenset[str]]]:
    choices = frozenset(describe(prop).choices)
    if choices == {"true", "false"}:
        return [(f"{name}_", frozenset({"true"}))]
    stem = name.removesuffix("_type")
    if stem != name and stem and choices & _OFF and choices - _OFF:
        return [(f"{stem}_", choices - _OFF)]
    return []
