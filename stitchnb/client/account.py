"""The account itself: made by partners, and opened for an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from stitchnb.client import requests
from stitchnb.client.addresses import Region, base_url_of
from stitchnb.client.operations import Mode, Operation, Resource, ask, operation
from stitchnb.client.pages import find_client_id
from stitchnb.client.transport import Transport
from stitchnb.models import EphemeralToken, NewAccount

if TYPE_CHECKING:
    from stitchnb.client.client import BaseClient


class Account(Resource[Mode]):
    """The client account."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def client_id(self) -> Operation[int]:
        """Tell the account's id, asking for it where nothing has told it yet.

        Raises
        ------
        InvalidInputError
            When the account has neither a source nor a destination that would tell it.

        Source: ``GET /v4/sources``, ``GET /v4/destinations``.
        """
        return (yield from find_client_id(self._client))

    @operation
    def create_ephemeral_token(self) -> Operation[EphemeralToken]:
        """Create a token that is valid for one hour, for the JavaScript client, which is deprecated.

        Source: ``POST /v3/sessions/ephemeral``.
        """
        return (yield from ask(requests.create_ephemeral_token()))

    @operation
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
    ) -> Operation[NewAccount]:
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
        return (yield from ask(requests.create_account(form)))


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
