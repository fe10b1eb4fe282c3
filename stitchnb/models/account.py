"""Accounts: made by partners, and short-lived tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models.base import Model, attr, frozen_or_empty, hidden, parse_time


class ImportToken(Model):
    """A token of an Import API source; the token itself is only told when it is made."""

    id = attr[int]("id", default=0)
    access_token = attr[str | None](
        "access_token", doc="A `Secret`, shown nowhere: ``reveal()`` gives it. None where it is only listed."
    )

    _summary = ("id",)

    def __init__(self, wire: Mapping[str, Any]) -> None:
        super().__init__(hidden(wire, "access_token"))


class ImportStatus(Model):
    """How the Import API is."""

    status = attr[str | None]("status", doc="``OK`` when it takes data.")
    name = attr[str | None]("name")
    version = attr[str | None]("version")
    message = attr[str | None]("message")

    _summary = ("status",)

    @property
    def is_ok(self) -> bool:
        """Does it take data?"""
        return (self.status or "").upper() == "OK"


class ImportReceipt(Model):
    """What the Import API answered to rows that it took, or found valid."""

    status = attr[str | None]("status")
    message = attr[str | None]("message")

    _summary = ("status", "message")


class NotificationEmail(Model):
    """An address that notifications go to beside those of the account's users."""

    id = attr[int]("id", default=0)
    email_address = attr[str]("email_address", default="")
    disabled_at = attr[datetime | None]("disabled_at", read=parse_time, doc="None: notifications are sent.")
    created_at = attr[datetime | None]("created_at", read=parse_time)
    client_id = attr[int | None]("client_id", doc="The account.")

    _summary = ("id", "email_address", "enabled")

    @property
    def enabled(self) -> bool:
        """Are notifications sent to it?"""
        return not self._wire.get("disabled_at")


class Hook(Model):
    """An address that is told, by one POST, of every table that was loaded."""

    id = attr[int]("id", default=0)
    type = attr[str]("type", default="", doc="``post_load``.")
    destination_id = attr[int | None]("destination_id")
    config = attr[Mapping[str, Any]]("config", default={}, read=frozen_or_empty)
    created_at = attr[datetime | None]("created_at", read=parse_time)
    modified_at = attr[datetime | None]("modified_at", read=parse_time)
    client_id = attr[int | None]("client_id", doc="The account.")
    disabled_at = attr[datetime | None]("disabled_at", read=parse_time)

    _summary = ("id", "type", "destination_id", "enabled")

    @property
    def url(self) -> str | None:
        """Where the POST goes."""
        url = self.config.get("url") if self.config else None
        return url if isinstance(url, str) else None

    @property
    def enabled(self) -> bool:
        """Is it called?"""
        told = next((self._wire[key] for key in ("enabled", "enable") if key in self._wire), True)
        return told is not False and not self._wire.get("disabled_at")


class NewAccount(Model):
    """A client account that was just made, with its access token, which is shown nowhere: ``reveal()`` gives it."""

    access_token = attr[str]("access_token", default="", doc="A `Secret`; a `Client` takes it as it is.")
    stitch_account_id = attr[int | None]("stitch_account_id")

    _summary = ("stitch_account_id",)

    def __init__(self, wire: Mapping[str, Any]) -> None:
        super().__init__(hidden(wire, "access_token"))


class EphemeralToken(Model):
    """A token that is valid for one hour, shown nowhere: ``reveal()`` gives it."""

    ephemeral_token = attr[str]("ephemeral_token", default="", doc="A `Secret`.")

    def __init__(self, wire: Mapping[str, Any]) -> None:
        super().__init__(hidden(wire, "ephemeral_token"))
