"""The Import API: its tokens, its status, and what it says to rows that are pushed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.models._base import Model, attr
from stitchnb.models._secret import hidden


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
