"""Destinations: where rows land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client.records import Records
from stitchnb.models import Destination

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import Client


class Destinations:
    """The destinations of the account."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Records[Destination]:
        """Ask for every destination.

        Source: ``GET /v4/destinations``.
        """
        found = self._client.send(requests.list_destinations())
        return Records(Destination, found)

    def to_frame(self) -> pd.DataFrame:
        """Show every destination as a DataFrame: one row each, with ``id``, ``type``, ``name`` and ``created_at``."""
        return self.list().to_frame()
