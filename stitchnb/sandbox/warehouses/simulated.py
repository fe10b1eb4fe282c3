"""Simulated servers: reject the properties of a source or destination as a real server would, by ``checks.toml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import destination_cards
from stitchnb.sandbox.catalog.tables import Table, read_table
from stitchnb.sandbox.pipeline import WarehouseError

_HIDDEN = "[hidden]"
# Shorter texts are too likely to occur in a message by chance.
_SHORTEST_SECRET = 4


def find_connection_error(
    types: str, type_name: str, properties: Mapping[str, Any], *, credentials: Collection[str]
) -> str | None:
    """Return the error message for properties that do not connect.

    Parameters
    ----------
    types
        The table of ``checks.toml`` with the protocol of each type: ``types`` for sources, or ``destinations``.
    credentials
        Names of the properties whose values must not appear in the message.

    Returns
    -------
    str or None
        The simulated server's message. None if the properties connect.
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
    return redact(secrets.values(), message.format_map(_EmptyIfMissing(shown | {"host": _host(spoken, shown, rules)})))


def redact(secrets: Collection[str], text: str) -> str:
    """Replace credentials in a text, even if one was also entered in another property."""
    for value in secrets:
        if len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, _HIDDEN)
    return text


def _host(spoken: Table, shown: Mapping[str, str], rules: Table) -> str:
    template = spoken.get("host")
    if template is None:
        return next((shown[name] for name in rules["host_properties"] if name in shown), rules["host_of_others"])
    host: str = template.format_map(_EmptyIfMissing(shown))
    return host


class _EmptyIfMissing(dict[str, str]):
    """Replaces missing properties by empty text."""

    def __missing__(self, key: str) -> str:
        return ""


def check_simulated_destination(destination_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `WarehouseError` if these properties do not connect according to ``checks.toml``."""
    steps = destination_cards()[destination_type]["steps"]
    credentials = {entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"]}
    message = find_connection_error("destinations", destination_type, properties, credentials=credentials)
    if message is not None:
        raise WarehouseError(message)
