"""Source types: what can be created, and what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from stitchnb.client import requests
from stitchnb.client.records import Records
from stitchnb.errors import APIError, BadRequestError, NotFoundError, UnknownSourceTypeError
from stitchnb.models import ReportCard

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import Client


class SourceTypes:
    """The source types of the API."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Records[ReportCard]:
        """Ask for every source type's report card.

        Source: ``GET /v4/source-types``.
        """
        found = self._client.send(requests.list_source_types())
        return Records(ReportCard, found)

    def to_frame(self) -> pd.DataFrame:
        """Show every source type as a DataFrame.

        Returns
        -------
        DataFrame
            One row per type, in the order of the API. Columns: ``type``, ``pipeline_state``, ``pricing_tier`` (string),
            ``access`` (boolean, may be missing), ``steps`` (string, in order), ``upgrade_available`` (string, may be
            missing).
        """
        return self.list().to_frame()

    def get(self, source_type: str) -> ReportCard:
        """Ask for one source type's report card: what must be configured, step by step.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; near ones are offered.

        Source: ``GET /v4/source-types/{source_type}``.
        """
        try:
            return self._client.send(requests.get_source_type(quote(source_type, safe="")))
        except (NotFoundError, BadRequestError) as error:
            raise self._unknown(source_type, error) from error

    def _unknown(self, source_type: str, error: APIError) -> Exception:
        """Look up what there is, so that the error can offer the near ones."""
        known = [card.type_name for card in self.list()]
        if source_type in known:
            return error
        return UnknownSourceTypeError(source_type, known, hint="client.source_types.to_frame() lists them all.")
