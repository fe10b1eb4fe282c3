"""How far a source or destination has come: a type's report card with what was given and reached."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stitchnb.models import ConnectionStep, ReportCard


def with_progress(
    type_card: ReportCard, *, provided: Collection[str], discovered: bool = False, selected: bool = False
) -> dict[str, Any]:
    """Put what was given and reached into a type's report card.

    Parameters
    ----------
    type_card
        The card of the type, as the source-types endpoints give it.
    provided
        Names of the properties that have a value, by the user or by Stitch.
    discovered
        A connection check has succeeded.
    selected
        At least one stream and one of its fields are selected.

    Returns
    -------
    dict
        The card's JSON object without what belongs to the type alone (``details``, ``upgrade_available``). The current
        step is the first that is not complete, or the last.
    """
    steps = [
        {**step.to_dict(), "properties": [{**p.to_dict(), "provided": p.name in provided} for p in step.properties]}
        for step in type_card.steps
    ]
    card: dict[str, Any] = {"type": type_card.type_name}
    if not steps:
        return card
    current = next(
        (
            number
            for number, step in enumerate(type_card.steps, start=1)
            if not is_complete(step, provided=provided, discovered=discovered, selected=selected)
        ),
        len(steps),
    )
    card |= {"current_step": current, "current_step_type": steps[current - 1]["type"], "steps": steps}
    return card


def is_complete(step: ConnectionStep, *, provided: Collection[str], discovered: bool, selected: bool) -> bool:
    """Is one step behind us? The last step, ``fully_configured``, never is."""
    reached: Mapping[str, bool] = {
        "discover_schema": discovered,
        "field_selection": selected,
        "fully_configured": False,
    }
    if step.type in reached:
        return reached[step.type]
    # In the form Stitch fills in its own part; the later steps are there for exactly that part to be granted.
    asked = [p for p in step.properties if (p.is_user_required if step.type == "form" else p.is_required)]
    return all(p.name in provided for p in asked if not p.is_read_only)


def missing_properties(step: ConnectionStep) -> list[str]:
    """List the properties of a step that are missing and that only the user can supply; of a source's own card."""
    return [prop.name for prop in step.properties if prop.is_user_required and not prop.provided]
