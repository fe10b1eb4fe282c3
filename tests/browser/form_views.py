"""Forms in JupyterLab for tests: cells that show some, and what a test does with one."""

import time
from collections.abc import Callable

from lab_page import NotebookPage
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator

SECRET = "key-4711"
PATIENCE_S = 30
SETUP = """
from form_cards import *
from form_page import TODAY, Account, existing
from stitchnb.errors import *
from stitchnb.models import Source
from stitchnb.widgets import ConnectionForm, SourceForm
account = Account()
"""
FORM = 'form = SourceForm(account, "platform.recurly", display_name="", today=TODAY)\nform'
ODD = """
markup = "<img src=x onerror=document.title='broken-in'>"
odd = ConnectionForm(card(
    prop("private_key", TEXT, required=True, is_credential=True),
    prop("groups", {"type": "array", "items": TEXT}),
    prop("report_definitions", ROWS),
    prop("ssl", {"type": "string", "pattern": "^(true|false)$"}),
    prop("include_schemas_in_destination_stream_name", {"type": "string", "description": "So it goes on. " * 9}),
    prop("evil", {"type": "string", "description": markup}),
    prop("itersize", DIGITS, required=True, property_type="user_provided_advanced"),
    prop("page_size", DIGITS, property_type="user_provided_advanced"),
    prop("own_token", TEXT, is_credential=True, property_type="system_provided_by_default"),
    type=markup, pipeline_state="deprecated", access=False,
), values={"page_size": "x"})
odd
"""

MANY = """
truth, server = {"type": "string", "pattern": "^(true|false)$"}, {
    "type": "object",
    "properties": {"host": HOST, "port": {"type": "integer"}, "tags": {"type": "array", "items": TEXT}, "tls": DIGITS},
    "required": ["host"],
}
many = ConnectionForm(card(
    prop("reports", ROWS, required=True),
    prop("servers", {"type": "array", "items": server}),
    prop("colours", {"type": "array", "items": {"enum": ["red", "green"]}}),
    prop("ssh", truth), prop("ssh_host", HOST),
    prop("frequency_in_minutes", MINUTES), prop("cron_expression"),
    prop("client_secret", TEXT, is_credential=True, property_type="system_provided_by_default"),
    later=["oauth", "discover_schema"],
), values={"servers": [{"host": "db", "port": 1}]})
many
"""

# Forms of the sandbox's own catalogue, each as rich as a form gets.
ACCOUNT = """
import stitchnb
client = stitchnb.Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z").client()
"""
RICH = {
    "recurly": f"""{ACCOUNT}
given = {{"quota_limit": "thirty", "cron_expression": "0 0 12 ? * MON"}}
recurly = SourceForm(client, "platform.recurly", values=given)
recurly
""",
    "postgres": f"""{ACCOUNT}
given = {{"host": "db.example.com", "port": "5432", "ssh": True, "ssh_host": "a b", "itersize": "x"}}
postgres = SourceForm(client, "platform.hp-postgres", values=given)
postgres
""",
    "google-ads": f"""{ACCOUNT}
pairs = [{{"customerId": "1", "loginCustomerId": "2"}}, {{"customerId": "3"}}]
given = {{"customer_ids": "1", "login_customer_ids": pairs, "oauth_client_id": "mine", "anchor_time": "soon"}}
ads = SourceForm(client, "platform.google-ads", values=given)
ads
""",
}


class Form:
    """A form in the output of a cell."""

    def __init__(self, notebook: NotebookPage, output: Locator) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.root = output

    def field(self, label: str) -> Locator:
        return self.root.get_by_label(label, exact=True)

    def row(self, name: str) -> Locator:
        return self.root.locator(f'[data-field="{name}"]')

    def error(self, name: str) -> Locator:
        return self.row(name).locator(".sn-error")

    def settle(self) -> None:
        self.notebook.wait_until_idle()

    def run(self, source: str) -> str:
        """Run code in the last cell and give what it printed."""
        index = len(self.notebook.cells()) - 1
        self.page.evaluate(
            """async source => {
                const content = jupyterapp.shell.currentWidget.content;
                const cell = content.widgets[content.widgets.length - 1];
                cell.model.sharedModel.setSource(source);
                content.activeCellIndex = content.widgets.length - 1;
                content.mode = 'command';
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            source,
        )
        self.settle()
        return "".join(o.get("text", "") for o in self.notebook.cells()[index]["outputs"])

    def expect_printed(self, source: str, printed: str) -> None:
        """Run code until it prints this: what a page tells may reach the kernel beside the cells, a little later."""
        deadline = time.monotonic() + PATIENCE_S
        while (result := self.run(source)) != printed and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)
        assert result == printed


def show_form(open_notebook: Callable[..., NotebookPage], *cells: str, width: int = 1280) -> Form:
    """Open a notebook with these cells, of which the first shows a form, and run it."""
    node = new_notebook(cells=[new_code_cell(source.strip()) for source in (SETUP, *cells, "print()")])
    notebook = open_notebook(node, width=width)
    errors = notebook.run_all().errors
    assert not errors, "\n".join(map(str, errors))
    return Form(notebook, notebook.output(1))


def fill_in(form: Form) -> None:
    for label, text in (("Display name", "Recurly"), ("API key", SECRET), ("Subdomain", "acme"), ("Quota limit", "30")):
        form.field(label).fill(text)
    form.settle()
