"""Notifications: who is told, by e-mail or by hook."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from stitchnb.models._base import Model, attr, frozen_or_empty
from stitchnb.models._times import parse_time


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
