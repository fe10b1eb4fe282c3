"""Tokens of Import API sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client.operations import Mode, Operation, Resource, ask, operation
from stitchnb.client.records import Records
from stitchnb.client.sources import Source
from stitchnb.models import ImportToken
from stitchnb.rules.ids import checked_id

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class ImportTokens(Resource[Mode]):
    """The tokens of the account's Import API sources."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def list(self, source_id: int) -> Operation[Records[ImportToken]]:
        """Ask for the ids of an Import API source's tokens; the tokens themselves are never told again.

        Source: ``GET /v4/sources/{id}/tokens``.
        """
        return Records(ImportToken, (yield from ask(requests.list_import_tokens(checked_id(source_id, "source id")))))

    @operation
    def to_frame(self, source_id: int) -> Operation[pd.DataFrame]:
        """Show the tokens' ids as a DataFrame: one row per token, with ``id`` (int64)."""
        return (yield from self.list.steps(source_id)).to_frame()

    @operation
    def create(self, source_id: int) -> Operation[ImportToken]:
        """Create a token for an Import API source.

        Returns
        -------
        ImportToken
            With its id and its token, told this once, which `ImportClient` takes as it is.

        Source: ``POST /v4/sources/{id}/tokens``.
        """
        return (yield from ask(requests.create_import_token(checked_id(source_id, "source id"))))

    @operation
    def delete(self, source_id: int, token_id: int) -> Operation[Source[Mode]]:
        """Revoke a token of an Import API source: what is pushed with it is refused from now on.

        Source: ``DELETE /v4/sources/{id}/tokens/{token_id}``.
        """
        source_id, token_id = checked_id(source_id, "source id"), checked_id(token_id, "token id")
        return Source.bound(self._client, (yield from ask(requests.delete_import_token(source_id, token_id))))
