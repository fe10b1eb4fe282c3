"""Accounts: made by partners, and short-lived tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stitchnb.models._base import Model, attr
from stitchnb.models._secret import hidden


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
