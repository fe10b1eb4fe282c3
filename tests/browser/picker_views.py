"""Stream pickers in JupyterLab for tests: cells that show some, and what a test does with one."""

import re
import time

from form_views import PATIENCE_S, Form
from playwright.sync_api import Locator, expect

SETUP = """
from picker_sources import REPORT, VIEW, LargeAccount, make_source, new_sandbox
from stitchnb.widgets import StreamPicker
client = new_sandbox().client()
source = make_source(client, "platform.{type}")
"""
SHOWN = "picker = StreamPicker(source)\npicker"


def cell_of(type_: str) -> str:
    return SETUP.format(type=type_) + SHOWN


RECURLY = cell_of("recurly")
DATABASE = cell_of("hp-postgres")
ADS = cell_of("bing-ads")
SALESFORCE = cell_of("salesforce")
LARGE = """
from picker_sources import LargeAccount
from stitchnb.widgets import StreamPicker
account = LargeAccount()
source = account.source()
picker = StreamPicker(source)
picker
"""


class Picker:
    """A picker in the output of a cell."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.root = form.root
        self.page = form.page
        self.keys = form.page.keyboard
        self.streams = self.root.get_by_role("grid", name="Streams")
        self.fields = self.root.get_by_role("grid", name="Fields")

    def box(self, name: str) -> Locator:
        """The box of a stream or field."""
        return self.root.get_by_label(f"Select {name}", exact=True)

    def row(self, name: str) -> Locator:
        """The row of a field."""
        return self.fields.get_by_role("row").filter(has=self.page.locator(f'.sn-field-name[title="{name}"]'))

    def open(self, stream: str) -> None:
        self.streams.get_by_role("button", name=stream, exact=True).click()
        expect(self.fields).to_be_visible()
        expect(self.root.locator(".sn-fields-head b")).to_have_text(stream)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def summary(self) -> Locator:
        return self.root.locator(".sn-picker footer .sn-summary")

    @property
    def said(self) -> Locator:
        return self.root.locator(".sn-fields .sn-said")

    def expect_focus(self, name: str | re.Pattern[str]) -> None:
        """Wait until what has the focus has this name."""
        whole = name if isinstance(name, re.Pattern) else re.compile(re.escape(name))
        deadline = time.monotonic() + PATIENCE_S
        while not whole.fullmatch(self.focused) and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        assert whole.fullmatch(self.focused), f"{self.focused!r} has the focus"

    @property
    def focused(self) -> str:
        """The name of what has the focus: its label, its text or the row that it is in."""
        name: str = self.page.evaluate(
            """() => {
                const e = document.activeElement;
                return e.labels?.length ? e.labels[0].textContent : e.textContent;
            }"""
        )
        return name
