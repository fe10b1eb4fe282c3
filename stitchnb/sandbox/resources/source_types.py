"""Source types: what can be created."""

from __future__ import annotations

from typing import Any

from stitchnb.sandbox import catalog, refusals
from stitchnb.sandbox.endpoints import Endpoint


def list_source_types() -> list[dict[str, Any]]:
    """Answer with every source type, old ones without steps included."""
    return list(catalog.source_types().values())


def get_source_type(source_type: str) -> dict[str, Any]:
    """Answer with one source type's report card."""
    if source_type not in catalog.source_types():
        raise refusals.invalid_type(source_type)
    return catalog.source_type(source_type)


def endpoints() -> list[Endpoint]:
    """Tell the endpoints of source types."""
    return [
        Endpoint("GET", "/v4/source-types", lambda call: list_source_types(), "Every source type's report card"),
        Endpoint(
            "GET",
            "/v4/source-types/{source_type}",
            lambda call: get_source_type(call.path["source_type"]),
            "One source type's report card",
        ),
    ]
