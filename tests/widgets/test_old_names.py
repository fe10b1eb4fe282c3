"""Names of release 0.1.0 that still work, and warn."""

from collections.abc import Callable
from typing import Any

import pytest
from form_cards import recurly

import stitchnb
from stitchnb.widgets import AccountBrowser, ConnectionForm, StreamPicker

OLD_NAMES = [
    (StreamPicker, "observe_apply", "on_apply"),
    (StreamPicker, "notice", "message"),
    (AccountBrowser, "notice", "message"),
    (ConnectionForm, "observe_values", "on_change"),
    (ConnectionForm, "observe_submit", "on_submit"),
    (ConnectionForm, "notice", "message"),
]


@pytest.fixture
def make(sandbox: stitchnb.Sandbox) -> Callable[[type], Any]:
    """Make a widget of a class."""
    client = sandbox.client()

    def make(widget: type) -> Any:
        if widget is ConnectionForm:
            return ConnectionForm(recurly())
        if widget is AccountBrowser:
            return AccountBrowser(client)
        return StreamPicker(client.sources.create("platform.shopify", display_name="Shop", validate=False))

    return make


@pytest.mark.parametrize(("widget", "old", "new"), OLD_NAMES)
def test_an_old_name_works_and_warns(make: Callable[[type], Any], widget: type, old: str, new: str) -> None:
    made = make(widget)
    with pytest.warns(DeprecationWarning, match=f"Use {widget.__name__}.{new}"):
        value = getattr(made, old)
    assert value == getattr(made, new)
