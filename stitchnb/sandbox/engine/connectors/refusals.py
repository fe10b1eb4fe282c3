"""Tells which properties do not connect, and what the source says then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.catalog.tables import Table, read_table
from stitchnb.sandbox.engine.base import ConnectorError

_HIDDEN = "[hidden]"
# Shorter texts occur in any message by chance.
_SHORTEST_SECRET = 4


def check_properties(source_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `ConnectorError` where ``checks.toml`` says that these properties do not connect."""
    rules = read_table("checks.toml")
    credentials = _credentials(source_type)
    values = {name: str(value) for name, value in properties.items() if value is not None}
    secrets = {name: value for name, value in values.items() if name in credentials}
    shown = {name: value for name, value in values.items() if name not in credentials}
    if any(shown.get(name) in rules["unknown_values"] for name in rules["host_properties"]):
        problem = "unknown_host"
    elif any(value.startswith(rules["refused_prefix"]) for value in secrets.values()):
        problem = "refused"
    else:
        return
    message = rules["messages"][rules["types"].get(source_type, {}).get("speaks", "http")][problem]
    filled_in = message.format_map(_Blank(shown | {"host": _host(source_type, shown, rules)}))
    raise ConnectorError(_without(secrets, filled_in))


def _credentials(source_type: str) -> frozenset[str]:
    steps = source_cards()[source_type].get("steps", [])
    return frozenset(entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"])


def _host(source_type: str, shown: Mapping[str, str], rules: Table) -> str:
    template = rules["types"].get(source_type, {}).get("host")
    if template is None:
        return next((shown[name] for name in rules["host_properties"] if name in shown), rules["host_of_others"])
    host: str = template.format_map(_Blank(shown))
    return host


def _without(secrets: Mapping[str, str], text: str) -> str:
    # A credential may have been typed into another property as well.
    for value in secrets.values():
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, _HIDDEN)
    return text


class _Blank(dict[str, str]):
    """Stands in for properties that were not given."""

    def __missing__(self, key: str) -> str:
        return ""
