"""Are these values right for this report card, and if not, what should they be?

One set of rules for the form that asks, the client that sends and the sandbox that answers. Nothing is trimmed or
converted here: a value is judged as it would travel.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from stitchnb.errors import near_names
from stitchnb.models.report_card import Property, ReportCard
from stitchnb.rules.report_cards.labels import help_text, property_label
from stitchnb.rules.schema.formats import is_date
from stitchnb.rules.schema.inputs import InputKind, PropertyInput, describe, rules_of, to_wire_text
from stitchnb.rules.schema.validate import Path, describe_violation

__all__ = [
    "REQUIRED",
    "InputKind",
    "PropertyGroup",
    "PropertyInput",
    "ValueProblem",
    "bad_properties",
    "by_name",
    "check_value",
    "default_values",
    "describe",
    "form_groups",
    "help_text",
    "is_user_required",
    "missing_error",
    "properties_errors",
    "property_label",
    "value_error",
]

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


REQUIRED = "Required"
"""The heading of what must be given."""

_SCHEDULE = ("anchor_time", "cron_expression", "frequency_in_minutes")
_AGO = re.compile(r"-\s*(\d{1,6})\s+(day|week|month|year)s?", re.ASCII)
_MOST_SHOWN_OF_STITCH = 3


@dataclass(frozen=True)
class PropertyGroup:
    """Properties that belong together in a form, in the card's order.

    Attributes
    ----------
    name
        ``required``, ``schedule``, ``optional``, ``advanced`` or ``stitch``.
    title
        The heading.
    properties
        At least one.
    is_folded
        Better shown on demand.
    """

    name: str
    title: str
    properties: tuple[Property, ...]
    is_folded: bool = False


def by_name(report_card: ReportCard) -> dict[str, Property]:
    """Give a card's properties by name, in the card's order; of two with the same name the first."""
    found: dict[str, Property] = {}
    for prop in report_card.properties:
        if prop.name:
            found.setdefault(prop.name, prop)
    return found


@dataclass(frozen=True)
class ValueProblem:
    """What is wrong with a value.

    Attributes
    ----------
    message
        Such as ``Expected a whole number, such as 30.`` It never repeats a credential.
    path
        The path to the part of an object or a list that has to be fixed; empty where it is all of it.
    """

    message: str
    path: Path = ()


def value_error(prop: Property, value: Any, type_name: str = "") -> str | None:
    """Say what is wrong with a value for a property; None where it is valid. See `check_value`."""
    problem = check_value(prop, value, type_name)
    return problem.message if problem else None


def check_value(prop: Property, value: Any, type_name: str = "") -> ValueProblem | None:
    """Check a value for a property.

    Parameters
    ----------
    prop
        The property, whose ``json_schema`` the value is checked against.
    value
        The value as it would be sent: mostly a string. Where the schema accepts no strings, a string counts as what
        it says, so ``"5432"`` is a whole number.
    type_name
        The type that the property is of, for its examples.

    Returns
    -------
    ValueProblem or None
        None where the value is valid.
    """
    expected = describe(prop, type_name)
    message = f"Expected {expected.expected}."
    if isinstance(value, str) and value == "":
        return ValueProblem(f"Must not be blank. {message}")
    if value is None:
        return ValueProblem(message)
    rules = rules_of(prop)
    # Destinations accept a boolean as it is. The sources endpoints refuse it with a message of their own.
    is_accepted = rules.accepts(value) if isinstance(value, bool) else rules.accepts_on_wire(value)
    if is_accepted and _is_real_day(expected, value):
        return None
    if not isinstance(value, str | list | dict) and not expected.is_secret and rules.accepts(to_wire_text(value)):
        return ValueProblem(f'{message} It is sent as a string: "{to_wire_text(value)}", not {value!r}.')
    violation = rules.validator.first_violation(value) if isinstance(value, list | dict) else None
    if violation is None:
        return ValueProblem(message)
    details = None if expected.is_secret else describe_violation(violation)
    return ValueProblem(f"{message} {details}" if details else message, violation.field_path)


def is_user_required(prop: Property) -> bool:
    """Must a user give it? What takes no value cannot be missing, whatever the card says."""
    return prop.is_user_required and describe(prop).kind is not InputKind.NOTHING


def missing_error(prop: Property, type_name: str = "") -> str:
    """Say that a required property was not given, and what is expected."""
    return f"Required: {describe(prop, type_name).expected}."


def properties_errors(report_card: ReportCard, values: Mapping[str, Any], *, partial: bool = False) -> dict[str, str]:
    """List what is wrong with the properties of a source or destination.

    Parameters
    ----------
    report_card
        The card of its type. A card with no steps, as old types have, takes anything.
    values
        Properties by name, as they would travel.
    partial
        True for an update: what is not given stays as it is, so nothing is missing.

    Returns
    -------
    dict of str to str
        Property name to message in words, empty where nothing is wrong. In the card's order, then unknown names:
        values that break their schema, properties that are Stitch's own, unknown properties with the names nearest
        to them, and, unless `partial`, what is required and was not given.
    """
    if not report_card.steps:
        return {}
    known, type_name = by_name(report_card), report_card.type_name
    errors: dict[str, str] = {}
    for name, prop in known.items():
        if name not in values:
            message = missing_error(prop, type_name) if is_user_required(prop) and not partial else None
        elif prop.is_read_only:
            message = "Stitch sets this itself: leave it out."
        else:
            message = value_error(prop, values[name], type_name)
        if message:
            errors[name] = message
    for name in values:
        if name not in known:
            errors[name] = _unknown(name, known, type_name)
    return errors


def bad_properties(report_card: ReportCard, values: Mapping[str, Any]) -> list[str]:
    """List the properties whose values would be refused: `properties_errors` without what is merely missing."""
    return list(properties_errors(report_card, values, partial=True))


def default_values(report_card: ReportCard, today: date) -> dict[str, str]:
    """Give the values that a card's details suggest.

    Parameters
    ----------
    report_card
        The card of a type, whose ``details`` hold ``default_start_date`` and ``default_scheduling_interval``.
    today
        The day, in UTC, that the start date is counted back from.

    Returns
    -------
    dict of str to str
        ``start_date`` as midnight of that day and ``frequency_in_minutes``; each only where the card has the
        property and accepts the value.
    """
    known = by_name(report_card)
    details = report_card.details
    suggested: dict[str, str] = {}
    interval = details.default_scheduling_interval
    if isinstance(interval, int) and not isinstance(interval, bool):
        suggested["frequency_in_minutes"] = str(interval)
    start = _days_ago(details.default_start_date, today)
    if start is not None:
        suggested["start_date"] = f"{start.isoformat()}T00:00:00Z"
    return {
        name: suggested[name]
        for name, prop in known.items()
        if name in suggested and not prop.is_read_only and value_error(prop, suggested[name]) is None
    }


def form_groups(report_card: ReportCard, *, user_supplied: Collection[str] = ()) -> tuple[PropertyGroup, ...]:
    """Sort a card's properties into the groups of a form.

    Parameters
    ----------
    report_card
        The card.
    user_supplied
        Names of properties that Stitch would supply and the user supplies instead. They count as the user's own.

    Returns
    -------
    tuple of PropertyGroup
        Required, schedule, optional, advanced, set by Stitch: only those that have any property.
    """
    sorted_in: dict[str, list[Property]] = {name: [] for name in _TITLES}
    for prop in by_name(report_card).values():
        sorted_in[_group_name(prop, user_supplied)].append(prop)
    return tuple(
        PropertyGroup(
            name,
            title,
            tuple(sorted_in[name]),
            is_folded=name == "advanced" or (name == "stitch" and len(sorted_in[name]) > _MOST_SHOWN_OF_STITCH),
        )
        for name, title in _TITLES.items()
        if sorted_in[name]
    )


_TITLES = {
    "required": REQUIRED,
    "schedule": "Schedule",
    "optional": "Optional",
    "advanced": "Advanced",
    "stitch": "Set by Stitch",
}


def _group_name(prop: Property, user_supplied: Collection[str]) -> str:
    given_by_stitch = prop.property_type == "system_provided_by_default" and prop.name not in user_supplied
    if prop.is_read_only or given_by_stitch:
        return "stitch"
    if prop.name in _SCHEDULE:
        return "schedule"
    if is_user_required(prop):
        return "required"
    return "advanced" if prop.property_type == "user_provided_advanced" else "optional"


def _is_real_day(wanted: PropertyInput, value: Any) -> bool:
    # The pattern of midnight dates takes month 13 and the 31st of February.
    return wanted.date_suffix == "" or not isinstance(value, str) or is_date(value.removesuffix(wanted.date_suffix))


def _unknown(name: str, known: Collection[str], type_name: str) -> str:
    of = f" of {type_name}" if type_name else ""
    message = f"There is no property {name!r}{of}."
    if name == "display_name":
        return f"{message} Give it beside the properties, not among them."
    near = near_names(name, known)
    return f"{message} Did you mean {' or '.join(repr(n) for n in near)}?" if near else message


def _days_ago(words: object, today: date) -> date | None:
    """Count back from today: ``-1 year``, ``-30 days``, ``-4 weeks``; None for anything else."""
    found = _AGO.fullmatch(words.strip()) if isinstance(words, str) else None
    if found is None:
        return None
    count, unit = int(found[1]), found[2]
    try:
        if unit in ("day", "week"):
            return today - timedelta(days=count * (7 if unit == "week" else 1))
        months = today.year * 12 + today.month - 1 - count * (12 if unit == "year" else 1)
        first = date(months // 12, months % 12 + 1, 1)
        last_day = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    except (OverflowError, ValueError):
        return None
    # The 29th of February, a year back, is the 28th.
    return min(first + timedelta(days=today.day - 1), last_day)
