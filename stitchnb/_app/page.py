"""What a page's process runs: the account that the app was started for, at the place that the address names."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

from stitchnb._app.account import SANDBOX
from stitchnb._app.rpc_client import RemoteSandbox
from stitchnb.embedded import Sandbox, SandboxClient, connect
from stitchnb.errors import StitchError
from stitchnb.widgets import AccountPage
from stitchnb.widgets.wizard import panel

if TYPE_CHECKING:
    import ipywidgets

    from stitchnb.client import Client


def build() -> ipywidgets.DOMWidget:
    """Make the page; where the account does not answer, what is wrong in words."""
    try:
        client, note = _account()
        page = AccountPage(client, own_page=True, note=note)
    except StitchError as error:
        return _trouble(error)
    page.navigate(_place())
    return page


def _account() -> tuple[Client, str]:
    told = os.environ.get(SANDBOX)
    if told is None:
        return connect(quiet=True), ""
    sandbox = json.loads(told)
    note = sandbox.pop("note")
    # It has all of a sandbox that a client and the widgets ask for.
    return SandboxClient(cast("Sandbox", RemoteSandbox(**sandbox)), owns=True), note


def _place() -> str:
    return parse_qs(os.environ.get("QUERY_STRING", "")).get("source", [""])[-1]


def _trouble(error: StitchError) -> ipywidgets.DOMWidget:
    def nothing(*_: object) -> None:
        """There is nothing to press."""

    told = panel.StepPanel("Account", on_press=nothing, on_error=nothing)
    told.show([panel.note("error", str(error)), panel.text("Reload this page once that is mended.")])
    return told
