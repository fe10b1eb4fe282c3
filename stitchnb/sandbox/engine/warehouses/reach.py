"""Refuses a destination's properties as its server would, where that server is made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import destination_cards
from stitchnb.sandbox.engine.base import WarehouseError
from stitchnb.sandbox.engine.reachability import refusal_of


def check_destination(destination_type: str, properties: Mapping[str, Any]) -> None:
    """Raise `WarehouseError` where ``checks.toml`` says that these properties do not connect."""
    steps = destination_cards()[destination_type]["steps"]
    credentials = {entry["name"] for step in steps for entry in step["properties"] if entry["is_credential"]}
    message = refusal_of("destinations", destination_type, properties, credentials=credentials)
    if message is not None:
        raise WarehouseError(message)
