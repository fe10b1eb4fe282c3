"""Report cards of source and destination types, expanded from the compact data files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from stitchnb.sandbox.catalog.tables import CatalogError, Table, copy_of, read_table

Card = dict[str, Any]

_FLAGS = frozenset({"required", "optional", "secret", "system", "tap_mutable"})
_PROPERTY_TYPES = {
    "advanced": "user_provided_advanced",
    "immutable": "user_provided_immutable",
    "by_stitch": "system_provided_by_default",
    "by_default": "system_provided_by_default",
    "read_only": "read_only",
}
_SYSTEM_PROVIDED = frozenset({"system", "by_stitch", "read_only"})
_NO_SCHEMA = "any"


class ReportCards(Mapping[str, Card]):
    """Report cards by type, in the API's order; every card handed out is the caller's own copy."""

    def __init__(self, cards: Mapping[str, Card]) -> None:
        self._cards = dict(cards)

    def __getitem__(self, type_name: str) -> Card:
        card: Card = copy_of(self._cards[type_name])
        return card

    def __contains__(self, type_name: object) -> bool:
        return type_name in self._cards

    def __iter__(self) -> Iterator[str]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} types>"


@cache
def source_cards() -> ReportCards:
    """Expand ``source-types.toml``."""
    table = read_table("source-types.toml")
    return ReportCards({name: _source_card(name, entry, table) for name, entry in table["types"].items()})


@cache
def destination_cards() -> ReportCards:
    """Expand ``destination-types.toml``."""
    table = read_table("destination-types.toml")
    return ReportCards({name: _destination_card(name, entry, table) for name, entry in table["types"].items()})


def _source_card(name: str, entry: Table, table: Table) -> Card:
    upgrade = entry.get("upgrade")
    card: Card = {"type": name}
    has_steps = "form" in entry
    if has_steps:
        steps = ["form"]
        steps += [step for step in ("oauth", "profile") if step in entry]
        steps += ["discover_schema", "field_selection"] if entry.get("discovers", True) else []
        card |= _steps(name, [*steps, "fully_configured"], entry, table, tap=True)
    tier, state = _tier_and_state(entry)
    card["details"] = {
        "pricing_tier": tier,
        "pipeline_state": state,
        "default_start_date": _null_if_false(entry.get("default_start_date", "-1 year")),
        "default_scheduling_interval": _null_if_false(entry.get("default_scheduling_interval", 60)),
        "protocol": entry.get("protocol", name),
        "access": _access(entry),
        "image_version": entry.get("image_version", "1.latest" if has_steps else None),
    }
    card["upgrade_available"] = None if upgrade is None else {"type": upgrade}
    return card


def _destination_card(name: str, entry: Table, table: Table) -> Card:
    tier, state = _tier_and_state(entry)
    details = {
        "pricing_tier": tier,
        "pipeline_state": state,
        "protocol": entry.get("protocol", name),
        "access": _access(entry),
    }
    steps = _steps(name, ["form", "fully_configured"], entry, table, tap=False)
    return {"type": name, **steps, "details": details}


def _steps(name: str, step_types: list[str], entry: Table, table: Table, *, tap: bool) -> Card:
    steps = [
        {"type": step, "properties": _properties(name, entry.get(step, ()), table, tap=tap)} for step in step_types
    ]
    # A step that could ask, and asks for nothing, is over before it begins.
    asking = {"form", "oauth", "profile"}
    current = next(i for i, step in enumerate(steps, start=1) if step["properties"] or step["type"] not in asking)
    return {"current_step": current, "current_step_type": step_types[current - 1], "steps": steps}


def _properties(name: str, references: Iterable[str], table: Table, *, tap: bool) -> list[Card]:
    properties: list[Card] = []
    for reference in references:
        if reference.startswith("@"):
            properties += _properties(name, table["groups"][reference[1:]], table, tap=tap)
            continue
        property_name, *words = reference.split()
        words = words or table["properties"].get(property_name, "").split()
        definition = _definition(f"{name}: {reference}", words)
        if tap:
            definition["tap_mutable"] = "tap_mutable" in words
        properties.append({"name": property_name, **definition})
    return properties


def _definition(where: str, words: list[str]) -> Card:
    schemas = read_table("schemas.toml")["schemas"]
    property_type, schema_name = "user_provided", "text"
    for word in words:
        if word in _PROPERTY_TYPES:
            property_type = _PROPERTY_TYPES[word]
        elif word in schemas or word == _NO_SCHEMA:
            schema_name = word
        elif word not in _FLAGS:
            raise CatalogError(f"{where!r}: {word!r} is neither a flag nor a schema of schemas.toml")
    return {
        "is_required": "optional" not in words,
        "is_credential": "secret" in words,
        "system_provided": not _SYSTEM_PROVIDED.isdisjoint(words),
        "property_type": property_type,
        "json_schema": None if schema_name == _NO_SCHEMA else copy_of(schemas[schema_name]),
        "provided": False,
    }


def _tier_and_state(entry: Table) -> tuple[str, str]:
    return entry.get("pricing_tier", "standard"), entry.get("pipeline_state", "released")


def _access(entry: Table) -> bool:
    tier, state = _tier_and_state(entry)
    return bool(entry.get("access", tier == "standard" and state in {"released", "beta"}))


def _null_if_false(value: Any) -> Any:
    # TOML knows no null.
    return None if value is False else value
