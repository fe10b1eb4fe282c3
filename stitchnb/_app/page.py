"""What a page's process runs: the app's account, at the source named in the address."""

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
    """Build the page, or the message of the error if the account can't be reached."""
    try:
        client, note = _account()
        page = AccountPage(client, own_page=True, note=note)
    except StitchError as error:
        return _error_panel(error)
    page.navigate(_source_in_address())
    return page


def _account() -> tuple[Client, str]:
    settings = os.environ.get(SANDBOX)
    if settings is None:
        return connect(quiet=True), ""
    sandbox = json.loads(settings)
    note = sandbox.pop("note")
    # It has every attribute of a sandbox that the client and the widgets use.
    return SandboxClient(cast("Sandbox", RemoteSandbox(**sandbox)), owns=True), note


def _source_in_address() -> str:
    return parse_qs(os.environ.get("QUERY_STRING", "")).get("source", [""])[-1]


def _error_panel(error: StitchError) -> ipywidgets.DOMWidget:
    def nothing(*_: object) -> None:
        """The panel has no buttons."""

    error_panel = panel.StepPanel("Account", on_press=nothing, on_error=nothing)
    error_panel.show([panel.note("error", str(error)), panel.text("Fix this, then reload the page.")])
    return error_panel
