"""What the sandbox extracts with: one connector for each source type."""

from __future__ import annotations

from functools import lru_cache

from stitchnb.sandbox.engine.base import Connector
from stitchnb.sandbox.engine.connectors.seeded import SeededConnector

__all__ = ["SeededConnector", "connector_for"]


@lru_cache(maxsize=64)
def connector_for(source_type: str, seed: int) -> Connector:
    """Give the connector of one source type.

    Parameters
    ----------
    seed
        The sandbox's; connectors that read a real service have no use for it.

    Raises
    ------
    KeyError
        No such type: look it up in `stitchnb.sandbox.catalog.source_types`.
    """
    return SeededConnector(source_type, seed)
