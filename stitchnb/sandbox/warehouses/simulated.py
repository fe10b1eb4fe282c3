"""Refuses a destination's properties as its server would, where that server is made up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import destination_cards
from stitchnb.sandbox.catalog.tables import Table, read_table
from stitchnb.sandbox.pipeline import WarehouseError

_HIDDEN = "[hidden]"
# Shorter texts occur in any message by chance.
_SHORTEST_SECRET = 4


def refusal_of(
    types: str, type_name: str, properties: Mapping[str, Any], *, credentials: Collection[str]
) -> str | None:
    """Say why these properties do not connect.

    Parameters
    ----------
    types
        The table of ``checks.toml`` that tells what a type speaks: ``types`` of sources, ``destinations``.
    credentials
        Names of the properties whose values no message may hold.

    Returns
    -------
    str or None
        The other side's words; None where the properties connect.
    """
    rules = read_table("checks.toml")
    spoken = rules[types].get(type_name, {})
    values = {name: str(value) for name, value in properties.items() if value is not None}
    secrets = {name: value for name, value in values.items() if name in credentials}
    shown = {name: value for name, value in values.items() if name not in credentials}
    if any(shown.get(name) in rules["unknown_values"] for name in rules["host_properties"]):
        problem = "unknown_host"
    elif any(value.startswith(rules["refused_prefix"]) for value in secrets.values()):
        problem = "refused"
    else:
        return None
    message: str = rules["messages"][spoken.get("speaks", "http")][problem]
    return without(secrets.values(), message.format_map(_Blank(shown | {"host": _host(spoken, shown, rules)})))


def without(secrets: Collection[str], text: str) -> str:
    """Take credentials out of a text; one may have been typed into another property as well."""
    for value in secrets:
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, _HIDDEN)
    return text


def _host(spoken: Table, shown: Mapping[str, str], rules: Table) -> str:
    template = spoken.get("host")
    if template is None:
        return next((shown[name] for name in rules["host_properties"] if name in shown), rules["host_of_others"])
    host: str = template.format_map(_Blank(shown))
    return host


class _Blank(dict[str, str]):
    """Stands in for properties that were not given."""

    def __missing__(self, key: str) -> str:
        return ""


def check_destination(destination_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `WarehouseError` where ``checks.toml`` says that these properties do not connect."""
    steps = destination_cards()[destination_type]["steps"]
    credentials = {entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"]}
    message = refusal_of("destinations", destination_type, properties, credentials=credentials)
    if message is not None:
        raise WarehouseError(message)
