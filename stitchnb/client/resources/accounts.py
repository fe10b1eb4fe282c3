"""The account itself: made by partners, and opened for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.http import Transport
from stitchnb.client.pages import RecordList
from stitchnb.client.resources.sources import Source
from stitchnb.models import EphemeralToken, ImportToken, NewAccount
from stitchnb.rules.names import checked_id

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class ImportTokens(Resource[Mode]):
    """The tokens of the account's Import API sources."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self, source_id: int) -> Steps[RecordList[ImportToken]]:
        """List the ids of an Import API source's tokens; the tokens themselves are never shown again.

        Source: ``GET /v4/sources/{id}/tokens``.
        """
        return (yield from send(self._client, requests.list_import_tokens(checked_id(source_id, "source id"))))

    @endpoint_method
    def to_frame(self, source_id: int) -> Steps[pd.DataFrame]:
        """Show the tokens' ids as a DataFrame: one row per token, with ``id`` (int64)."""
        return (yield from self.list.as_steps(source_id)).to_frame()

    @endpoint_method
    def create(self, source_id: int) -> Steps[ImportToken]:
        """Create a token for an Import API source.

        Returns
        -------
        ImportToken
            With its id and its token, told this once, which `ImportClient` takes as it is.

        Source: ``POST /v4/sources/{id}/tokens``.
        """
        return (yield from send(self._client, requests.create_import_token(checked_id(source_id, "source id"))))

    @endpoint_method
    def delete(self, source_id: int, token_id: int) -> Steps[Source[Mode]]:
        """Revoke a token of an Import API source: what is pushed with it is refused from now on.

        Source: ``DELETE /v4/sources/{id}/tokens/{token_id}``.
        """
        source_id, token_id = checked_id(source_id, "source id"), checked_id(token_id, "token id")
        return (yield from send(self._client, requests.delete_import_token(source_id, token_id)))


class Account(Resource[Mode]):
    """The client account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def client_id(self) -> Steps[int]:
        """Tell the account's id, asking for it where nothing has told it yet.

        Raises
        ------
        InvalidInputError
            When the account has neither a source nor a destination that would tell it.

        Source: ``GET /v4/sources``, ``GET /v4/destinations``.
        """
        return (yield from self._client.find_client_id())

    @endpoint_method
    def create_ephemeral_token(self) -> Steps[EphemeralToken]:
        """Create a token that is valid for one hour, for the JavaScript client, which is deprecated.

        Source: ``POST /v3/sessions/ephemeral``.
        """
        return (yield from send(self._client, requests.create_ephemeral_token()))

    @endpoint_method
    def create(
        self,
        *,
        partner_id: str,
        partner_secret: str,
        first_name: str,
        last_name: str,
        company: str,
        email: str,
        region: str = "us",
    ) -> Steps[NewAccount]:
        """Create another client account; this client's token is not sent. See `create_account`.

        Source: ``POST /v3/accounts``.
        """
        form = {
            "partner_id": partner_id,
            "partner_secret": partner_secret,
            "first_name": first_name,
            "last_name": last_name,
            "company": company,
            "email": email,
            "region": region,
        }
        return (yield from send(self._client, requests.create_account(form)))


def create_account(
    *,
    partner_id: str,
    partner_secret: str,
    first_name: str,
    last_name: str,
    company: str,
    email: str,
    region: Region = "us",
    base_url: str | None = None,
    transport: httpx.BaseTransport | None = None,
) -> NewAccount:
    """Create a client account, for which one must be a partner of Stitch's; no token is needed.

    Parameters
    ----------
    region
        Where the account is to be: ``us`` or ``eu``.
    base_url
        Another address than the region's own.

    Returns
    -------
    NewAccount
        With its id and its token, which `Client` takes as it is.

    Raises
    ------
    BadRequestError
        When the address of an existing user is given, or something is missing.
    OutcomeUnknownError
        When the connection broke: the account may have been created.

    Source: ``POST /v3/accounts``.
    """
    form = {
        "partner_id": partner_id,
        "partner_secret": partner_secret,
        "first_name": first_name,
        "last_name": last_name,
        "company": company,
        "email": email,
        "region": region,
    }
    sender = Transport(None, base_url or base_url_of(region, None), transport=transport)
    try:
        return sender.send(requests.create_account(form))
    finally:
        sender.close()
