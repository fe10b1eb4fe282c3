"""What the sandbox can connect to: report cards, streams and what a connection check refuses, all of it data.

The data files in ``data/`` are meant to be edited by hand: a new source type is a new entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.sandbox.catalog.cards import destination_cards, source_cards
from stitchnb.sandbox.catalog.streams import stream_plans
from stitchnb.sandbox.pipeline import DiscoveredStream

__all__ = ["destination_type", "destination_types", "source_type", "source_types", "streams"]


def source_types() -> Mapping[str, dict[str, Any]]:
    """Report cards of all source types, by type.

    Returns
    -------
    Mapping
        In the order of the list endpoint, each card as that endpoint tells it: with ``details`` and
        ``upgrade_available``, and no ``steps`` for old types. A card that is taken out is a copy.

    Source: ``GET /v4/source-types``.
    """
    return source_cards()


def source_type(source_type: str, *, listed: bool = False) -> dict[str, Any]:
    """One source type's report card, as a copy.

    Parameters
    ----------
    listed
        True tells it as the list endpoint does; False, the endpoint of one type, leaves out ``upgrade_available``
        and ``details.image_version``.

    Raises
    ------
    KeyError
        No such type: look it up in `source_types`.

    Source: ``GET /v4/source-types/{source_type}``.
    """
    card = source_cards()[source_type]
    if not listed:
        del card["upgrade_available"], card["details"]["image_version"]
    return card


def destination_types() -> Mapping[str, dict[str, Any]]:
    """Report cards of all destination types, by type, in the order of the list endpoint, taken out as copies.

    Source: ``GET /v4/destination-types``.
    """
    return destination_cards()


def destination_type(destination_type: str) -> dict[str, Any]:
    """One destination type's report card, as a copy; `KeyError` where there is no such type.

    Source: ``GET /v4/destination-types/{destination_type}``.
    """
    return destination_cards()[destination_type]


def streams(source_type: str) -> list[DiscoveredStream]:
    """Streams of one source type, in the order of its discovery, as copies.

    Streams whose metadata holds ``"stitchnb.generated": True`` are made up: the type is real, its streams are not.

    Returns
    -------
    list
        Empty for types to which data is pushed (the Import API, webhooks).

    Raises
    ------
    KeyError
        No such type: look it up in `source_types`.
    """
    return [plan.discovered() for plan in stream_plans(source_type)]
