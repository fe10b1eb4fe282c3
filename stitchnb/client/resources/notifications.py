"""Notifications: further addresses and hooks that are told what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Operation, Resource, ask, operation
from stitchnb.client.addresses import is_loopback
from stitchnb.client.error_parsing import with_hint
from stitchnb.client.pages import Records
from stitchnb.errors import BadRequestError, InvalidInputError
from stitchnb.models import Hook, NotificationEmail, format_time
from stitchnb.rules.names import checked_id

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class Notifications(Resource[Mode]):
    """Who is told what happens: ``emails`` and ``hooks``."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client
        self.emails = Emails(client)
        self.hooks = Hooks(client)


class Emails(Resource[Mode]):
    """Addresses that notifications go to beside those of the account's users; at most 10."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def list(self) -> Operation[Records[NotificationEmail]]:
        """Ask for every address.

        Source: ``GET /notifications/public/v1/api/custom-emails``.
        """
        return Records(NotificationEmail, (yield from ask(requests.list_emails())))

    @operation
    def to_frame(self) -> Operation[pd.DataFrame]:
        """Show every address as a DataFrame.

        Returns
        -------
        DataFrame
            One row per address, in the order of the API. Columns: ``id`` (int64), ``email_address`` (string),
            ``enabled`` (bool), ``disabled_at``, ``created_at`` (datetime64, UTC, may be missing). None gives the same
            columns and no row.
        """
        return (yield from self.list.steps()).to_frame()

    @operation
    def create(self, email_address: str) -> Operation[NotificationEmail]:
        """Let notifications go to one more address.

        Raises
        ------
        BadRequestError
            When it is no address, or there are 10 already.

        Source: ``POST /notifications/public/v1/api/custom-emails``.
        """
        return (yield from ask(requests.create_email(email_address)))

    @operation
    def disable(self, email_id: int) -> Operation[NotificationEmail]:
        """Send no notifications to an address from now on.

        Source: ``PUT /notifications/public/v1/api/custom-emails/{id}``.
        """
        now = format_time(self._client.now())
        return (yield from ask(requests.update_email(checked_id(email_id, "email id"), now)))

    @operation
    def enable(self, email_id: int) -> Operation[NotificationEmail]:
        """Send notifications to an address again.

        Source: ``PUT /notifications/public/v1/api/custom-emails/{id}``.
        """
        return (yield from ask(requests.update_email(checked_id(email_id, "email id"), None)))

    @operation
    def delete(self, email_id: int) -> Operation[None]:
        """Take an address off the list.

        Source: ``DELETE /notifications/public/v1/api/custom-emails/{id}``.
        """
        yield from ask(requests.delete_email(checked_id(email_id, "email id")))


class Hooks(Resource[Mode]):
    """Addresses that get one POST for every table that was loaded; at most 10."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @operation
    def list(self) -> Operation[Records[Hook]]:
        """Ask for every hook.

        Source: ``GET /notifications/public/v1/api/hooks``.
        """
        return Records(Hook, (yield from ask(requests.list_hooks())))

    @operation
    def to_frame(self) -> Operation[pd.DataFrame]:
        """Show every hook as a DataFrame.

        Returns
        -------
        DataFrame
            One row per hook, in the order of the API. Columns: ``id`` (int64), ``type`` (string), ``destination_id``
            (Int64, may be missing), ``url`` (string), ``enabled`` (bool), ``created_at`` (datetime64, UTC, may be
            missing). None gives the same columns and no row.
        """
        return (yield from self.list.steps()).to_frame()

    @operation
    def create(self, url: str, *, destination_id: int, type: str = "post_load") -> Operation[Hook]:
        """Let an address be told of every load into a destination.

        Parameters
        ----------
        url
            Where the POST goes: https only (a sandbox also takes http to this machine).

        Raises
        ------
        InvalidInputError
            When the address is not https. Nothing was sent.
        BadRequestError
            When Stitch refuses, as where there is no such destination, or there are 10 already.

        Source: ``POST /notifications/public/v1/api/hooks``.
        """
        url = str(url)
        if not url.startswith("https://") and not (url.startswith("http://") and is_loopback(url)):
            raise InvalidInputError("The hook was not created: give the whole address, beginning with https://.")
        try:
            return (yield from ask(requests.create_hook(type, checked_id(destination_id, "destination id"), url)))
        except BadRequestError as error:
            if error.code != "InvalidBody":
                raise
            hint = (
                f"Stitch does not say what it minds: that there is no destination {destination_id} "
                f"(client.destinations.list() shows all), the address, or the type {type!r}."
            )
            raise with_hint(error, hint) from error

    @operation
    def disable(self, hook_id: int) -> Operation[Hook]:
        """Let a hook rest.

        Source: ``PUT /notifications/public/v1/api/hooks/{id}``.
        """
        return (yield from ask(requests.update_hook(checked_id(hook_id, "hook id"), enable=False)))

    @operation
    def enable(self, hook_id: int) -> Operation[Hook]:
        """Let a hook be called again.

        Source: ``PUT /notifications/public/v1/api/hooks/{id}``.
        """
        return (yield from ask(requests.update_hook(checked_id(hook_id, "hook id"), enable=True)))

    @operation
    def delete(self, hook_id: int) -> Operation[None]:
        """Delete a hook.

        Source: ``DELETE /notifications/public/v1/api/hooks/{id}``.
        """
        yield from ask(requests.delete_hook(checked_id(hook_id, "hook id")))
