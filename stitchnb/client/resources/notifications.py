"""Notifications: further addresses and hooks that are told what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.addresses import is_loopback
from stitchnb.client.error_parsing import with_hint
from stitchnb.client.pages import RecordList
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

    @endpoint_method
    def list(self) -> Steps[RecordList[NotificationEmail]]:
        """List every address.

        Source: ``GET /notifications/public/v1/api/custom-emails``.
        """
        return (yield from send(self._client, requests.list_emails()))

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every address as a DataFrame.

        Returns
        -------
        DataFrame
            One row per address, in the order of the API. Columns: ``id`` (int64), ``email_address`` (string),
            ``enabled`` (bool), ``disabled_at``, ``created_at`` (datetime64, UTC, may be missing). None gives the same
            columns and no row.
        """
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def create(self, email_address: str) -> Steps[NotificationEmail]:
        """Let notifications go to one more address.

        Raises
        ------
        BadRequestError
            When it is no address, or there are 10 already.

        Source: ``POST /notifications/public/v1/api/custom-emails``.
        """
        return (yield from send(self._client, requests.create_email(email_address)))

    @endpoint_method
    def disable(self, email_id: int) -> Steps[NotificationEmail]:
        """Send no notifications to an address from now on.

        Source: ``PUT /notifications/public/v1/api/custom-emails/{id}``.
        """
        now = format_time(self._client.now())
        return (yield from send(self._client, requests.update_email(checked_id(email_id, "email id"), now)))

    @endpoint_method
    def enable(self, email_id: int) -> Steps[NotificationEmail]:
        """Send notifications to an address again.

        Source: ``PUT /notifications/public/v1/api/custom-emails/{id}``.
        """
        return (yield from send(self._client, requests.update_email(checked_id(email_id, "email id"), None)))

    @endpoint_method
    def delete(self, email_id: int) -> Steps[None]:
        """Take an address off the list.

        Source: ``DELETE /notifications/public/v1/api/custom-emails/{id}``.
        """
        yield from send(self._client, requests.delete_email(checked_id(email_id, "email id")))


class Hooks(Resource[Mode]):
    """Addresses that get one POST for every table that was loaded; at most 10."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self) -> Steps[RecordList[Hook]]:
        """List every hook.

        Source: ``GET /notifications/public/v1/api/hooks``.
        """
        return (yield from send(self._client, requests.list_hooks()))

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Show every hook as a DataFrame.

        Returns
        -------
        DataFrame
            One row per hook, in the order of the API. Columns: ``id`` (int64), ``type`` (string), ``destination_id``
            (Int64, may be missing), ``url`` (string), ``enabled`` (bool), ``created_at`` (datetime64, UTC, may be
            missing). None gives the same columns and no row.
        """
        return (yield from self.list.as_steps()).to_frame()

    @endpoint_method
    def create(self, url: str, *, destination_id: int, type: str = "post_load") -> Steps[Hook]:
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
            raise InvalidInputError("The hook was not created. Pass the whole address, which begins with https://.")
        try:
            return (
                yield from send(
                    self._client, requests.create_hook(type, checked_id(destination_id, "destination id"), url)
                )
            )
        except BadRequestError as error:
            if error.code != "InvalidBody":
                raise
            hint = (
                f"Stitch does not say what is wrong. Possible causes: there is no destination {destination_id} "
                f"(client.destinations.list() shows all), the address, or the type {type!r}."
            )
            raise with_hint(error, hint) from error

    @endpoint_method
    def disable(self, hook_id: int) -> Steps[Hook]:
        """Let a hook rest.

        Source: ``PUT /notifications/public/v1/api/hooks/{id}``.
        """
        return (yield from send(self._client, requests.update_hook(checked_id(hook_id, "hook id"), enable=False)))

    @endpoint_method
    def enable(self, hook_id: int) -> Steps[Hook]:
        """Let a hook be called again.

        Source: ``PUT /notifications/public/v1/api/hooks/{id}``.
        """
        return (yield from send(self._client, requests.update_hook(checked_id(hook_id, "hook id"), enable=True)))

    @endpoint_method
    def delete(self, hook_id: int) -> Steps[None]:
        """Delete a hook.

        Source: ``DELETE /notifications/public/v1/api/hooks/{id}``.
        """
        yield from send(self._client, requests.delete_hook(checked_id(hook_id, "hook id")))
