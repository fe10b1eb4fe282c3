"""Source types and destination types: what can be created, and what each needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.pages import RecordList
from stitchnb.errors import (
    BadRequestError,
    InvalidInputError,
    UnknownDestinationTypeError,
    UnknownSourceTypeError,
)
from stitchnb.models import ReportCard

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class SourceTypes(Resource[Mode]):
    """The source types of the API."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self) -> Steps[RecordList[ReportCard]]:
        """List every source type's report card.

        Source: ``GET /v4/source-types``.
        """
        return (yield from send(self._client, requests.list_source_types()))

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every source type as a DataFrame.

        Returns
        -------
        DataFrame
            One row per type, in the order of the API. Columns: ``type``, ``pipeline_state``, ``pricing_tier`` (string),
            ``access`` (boolean, may be missing), ``steps`` (string, in order), ``upgrade_available`` (string, may be
            missing).
        """
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def get(self, source_type: str) -> Steps[ReportCard]:
        """Ask for one source type's report card: what must be configured, step by step.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; similar names are suggested.

        Source: ``GET /v4/source-types/{source_type}``.
        """
        _refuse_no_name(source_type, "source type", "platform.recurly")
        try:
            return (yield from send(self._client, requests.get_source_type(source_type)))
        except BadRequestError as error:
            known = [card.type_name for card in (yield from self.list.as_steps())]
            if source_type in known:
                raise
            hint = "client.source_types.to_frame() lists them all."
            raise UnknownSourceTypeError(source_type, known, hint=hint) from error


class DestinationTypes(Resource[Mode]):
    """The destination types of the API."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self) -> Steps[RecordList[ReportCard]]:
        """List every destination type's report card.

        Source: ``GET /v4/destination-types``.
        """
        return (yield from send(self._client, requests.list_destination_types()))

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every destination type as a DataFrame, with the columns of `SourceTypes.to_frame`."""
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def get(self, destination_type: str) -> Steps[ReportCard]:
        """Ask for one destination type's report card: what must be configured.

        Raises
        ------
        UnknownDestinationTypeError
            When there is no such type; similar names are suggested.

        Source: ``GET /v4/destination-types/{destination_type}``.
        """
        _refuse_no_name(destination_type, "destination type", "postgres")
        try:
            return (yield from send(self._client, requests.get_destination_type(destination_type)))
        except BadRequestError as error:
            known = [card.type_name for card in (yield from self.list.as_steps())]
            if destination_type in known:
                raise
            hint = "client.destination_types.to_frame() lists them all."
            raise UnknownDestinationTypeError(destination_type, known, hint=hint) from error


def _refuse_no_name(given: Any, kind: str, example: str) -> None:
    if not isinstance(given, str):
        raise InvalidInputError(f"{given!r} is not a valid {kind}. Pass its name, such as {example!r}.")
