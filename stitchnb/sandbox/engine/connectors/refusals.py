"""Refuses properties as the source would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import source_cards
from stitchnb.sandbox.engine.base import ConnectorError
from stitchnb.sandbox.engine.reachability import refusal_of


def check_properties(source_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `ConnectorError` where ``checks.toml`` says that these properties do not connect."""
    message = refusal_of("types", source_type, properties, credentials=_credentials(source_type))
    if message is not None:
        raise ConnectorError(message)


def _credentials(source_type: str) -> frozenset[str]:
    steps = source_cards()[source_type].get("steps", [])
    return frozenset(entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"])
