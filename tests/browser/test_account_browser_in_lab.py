"""The sources of an account in JupyterLab: searched, sorted and changed by keyboard, few of them or thousands."""

from collections.abc import Callable

import pytest
from accessibility import expect_accessible
from form_views import Form
from playwright.sync_api import Locator, expect

ACCOUNT = """
import ipywidgets
import stitchnb
from stitchnb.widgets import AccountBrowser

client = stitchnb.Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z").client()
given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
ready = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
ready.check().wait()
ready.select("accounts")
client.sandbox.clock.advance(days=1, hours=2)
wrong = client.sources.create("platform.recurly", display_name="Recurly EU", properties={**given, "api_key": "bad-key"})
while wrong.check().status == "running":
    pass
client.sources.create("platform.recurly", display_name="Billing of the long defunct subsidiary", properties=given)
client.sandbox.clock.advance(hours=30)
for name in ("Shop 1", "Shop 2", "<b>Shop</b> 3"):
    client.sources.create("platform.shopify", display_name=name, validate=False)
paused = client.sources.create("platform.hp-postgres", display_name="Warehouse", validate=False)
paused.pause()
client.sources.create("platform.google-ads", display_name="Old ads", validate=False).delete()
"""
BROWSER = f"{ACCOUNT}\nbrowser = AccountBrowser(client, open=lambda id: ipywidgets.Label(f'wizard of {{id}}'))\nbrowser"
MANY = """
from stitchnb.widgets import AccountBrowser
import stitchnb
client = stitchnb.Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z").client()
for n in range(2000):
    client.sources.create("platform.shopify", display_name=f"Shop {n:04}", validate=False)
browser = AccountBrowser(client)
browser
"""

# Searches, and tells how long that took, the rows that are shown then, and how many of them had to be drawn for it.
SEARCH = """input => {
  const body = input.closest('section').querySelector('tbody');
  const observer = new MutationObserver(() => {});
  observer.observe(body, {childList: true});
  const began = performance.now();
  input.value = 'shop_199';
  input.dispatchEvent(new Event('input'));
  input.getBoundingClientRect();
  const ms = performance.now() - began;
  const drawn = observer.takeRecords().flatMap(record => [...record.addedNodes]).length;
  return {ms, drawn, rows: body.querySelectorAll('tr').length};
}"""

Show = Callable[..., Form]


class Table:
    """A browser of an account in the output of a cell."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.root = form.root
        self.page = form.page
        self.keys = form.page.keyboard

    def row(self, name: str) -> Locator:
        return self.root.locator("tbody tr").filter(has=self.page.locator(".sn-title").get_by_text(name, exact=True))

    def press(self, action: str, name: str) -> None:
        self.button(f"{action} {name}").focus()
        self.keys.press("Enter")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    @property
    def names(self) -> list[str]:
        return self.root.locator("tbody .sn-title").all_text_contents()

    @property
    def search(self) -> Locator:
        return self.root.get_by_label("Search")

    @property
    def summary(self) -> Locator:
        return self.root.locator("footer .sn-summary")

    def expect_same_rows_in_kernel(self) -> None:
        """Wait until the kernel knows what the page looks for, and check that it finds the same rows in this order."""
        self.form.expect_printed("print('|'.join(browser.to_frame()['display_name']))", "|".join(self.names) + "\n")


@pytest.fixture
def table(show: Show) -> Table:
    return Table(show(BROWSER))


def test_it_is_searched_and_sorted_by_keyboard_with_no_kernel(table: Table) -> None:
    everything = ["<b>Shop</b> 3", "Billing of the long defunct subsidiary", "Recurly", "Recurly EU"]
    assert table.names == [*everything, "Shop 1", "Shop 2", "Warehouse"]
    table.expect_same_rows_in_kernel()
    table.form.notebook.shut_down_kernel()
    table.search.focus()
    table.keys.type("shop 2")
    expect(table.root.get_by_text("1 found")).to_be_visible()
    assert table.names == ["Shop 2"]
    table.search.fill("recurly")
    head = table.root.get_by_role("columnheader", name="Created")
    head.get_by_role("button").focus()
    table.keys.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert table.names == ["Recurly", "Recurly EU", "Billing of the long defunct subsidiary"]
    table.keys.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(head.get_by_role("button")).to_be_focused()
    assert table.names == ["Billing of the long defunct subsidiary", "Recurly EU", "Recurly"]


@pytest.mark.parametrize("column", ["Name", "Type", "State", "Next run (UTC)", "Created"])
def test_the_kernel_holds_the_same_rows_in_the_same_order(table: Table, column: str) -> None:
    for _ in range(2):
        table.root.get_by_role("columnheader", name=column).get_by_role("button").click()
        table.expect_same_rows_in_kernel()
    table.search.fill("SHOP form")
    table.expect_same_rows_in_kernel()
    assert len(table.names) == 3


def test_a_filter_shows_how_many_there_are_and_shows_them(table: Table) -> None:
    group = table.root.get_by_role("group", name="Show by state")
    expect(group.get_by_role("button")).to_have_text(
        ["All7", "Ready1", "In setup4", "Check failed1", "Paused1", "Deleted1"]
    )
    group.get_by_role("button", name="Check failed").press("Enter")
    expect(group.get_by_role("button", name="Check failed")).to_have_attribute("aria-pressed", "true")
    assert table.names == ["Recurly EU"]
    expect(table.row("Recurly EU").get_by_text("check failed")).to_be_visible()
    group.get_by_role("button", name="Deleted").press("Enter")
    assert table.names == ["Old ads"]
    expect(table.row("Old ads").get_by_role("button")).to_have_count(0)
    table.form.settle()
    table.form.run("browser.filter(state='paused', search='ware')")
    expect(table.root.locator("tbody .sn-title")).to_have_text(["Warehouse"])
    expect(table.search).to_have_value("ware")


def test_a_source_is_paused_and_resumed_by_keyboard(table: Table) -> None:
    table.press("Pause", "Recurly")
    expect(table.button("Resume Recurly")).to_be_focused()
    expect(table.row("Recurly").get_by_text("paused", exact=True)).to_be_visible()
    expect(table.summary).to_have_text("Paused Recurly. No jobs will be scheduled.")
    expect(table.summary).to_have_attribute("role", "status")
    table.keys.press("Enter")
    expect(table.button("Pause Recurly")).to_be_focused()
    expect(table.summary).to_have_text("Resumed Recurly. Its schedule runs again.")


def test_where_a_source_leaves_the_filter_the_focus_goes_to_its_neighbour(table: Table) -> None:
    table.root.get_by_role("button", name="In setup").click()
    table.press("Pause", "Shop 1")
    expect(table.root.get_by_role("rowheader", name="Shop 1")).to_have_count(0)
    expect(table.button("Pause Shop 2")).to_be_focused()


def test_a_source_is_renamed_by_keyboard(table: Table) -> None:
    table.press("Rename", "Recurly")
    name = table.root.get_by_label("New name of Recurly")
    expect(name).to_be_focused()
    expect(name).to_have_value("Recurly")
    expect(name).to_have_accessible_description("The name in lists. The schema in the destination is still recurly.")
    table.keys.type("####")
    table.keys.press("Enter")
    words = "No schema name can be made from '####': it needs letters, such as Recurly."
    expect(name).to_have_accessible_description(words)
    expect(table.root.get_by_role("alert").filter(has_text=words)).to_be_visible()
    expect(name).to_be_focused()
    name.fill("Shop 2")
    table.keys.press("Enter")
    expect(table.root.get_by_text("non-unique name (Shop 2)")).to_be_visible()
    expect(name).to_have_value("Shop 2")
    name.fill("Renamed")
    table.keys.press("Enter")
    expect(table.button("Rename Renamed")).to_be_focused()
    expect(table.summary).to_have_text("Renamed Recurly to Renamed. Its schema is still recurly.")
    table.keys.press("Enter")
    table.keys.press("Escape")
    expect(table.button("Rename Renamed")).to_be_focused()
    expect(table.root.get_by_label("New name of Renamed")).to_have_count(0)


def test_a_source_is_deleted_by_keyboard_once_its_name_is_typed(table: Table) -> None:
    cells = table.form.notebook.cells()
    table.press("Delete", "Shop 1")
    typed = table.root.get_by_label("Type Shop 1 to confirm")
    button = table.root.get_by_role("button", name="Delete source")
    expect(typed).to_be_focused()
    expect(table.root.get_by_text("Its rows in the destination are kept.")).to_be_visible()
    expect(table.root.get_by_text("This can't be undone.")).to_be_visible()
    expect(button).to_be_disabled()
    table.keys.type("shop 1")
    table.keys.press("Enter")
    expect(table.root.get_by_role("alert").filter(has_text="Type the name exactly: Shop 1")).to_be_visible()
    assert table.form.run("print(client.sources.list()[3].state)") == "form\n"
    typed.fill("Shop 1")
    expect(button).to_be_enabled()
    typed.press("Tab")
    expect(button).to_be_focused()
    table.keys.press("Enter")
    expect(table.root.get_by_role("rowheader", name="Shop 1")).to_have_count(0)
    expect(table.summary).to_have_text("Deleted Shop 1. Its rows in the destination are kept.")
    expect(table.button("Open Shop 2")).to_be_visible()
    assert table.page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Delete Shop 2"
    assert table.form.run("print(client.sources.list()[3].state)") == "deleted\n"
    assert len(table.form.notebook.cells()) == len(cells)


def test_a_source_is_opened_and_one_comes_back_to_where_one_was(table: Table) -> None:
    table.press("Open", "Shop 2")
    back = table.button("Back to all sources")
    expect(back).to_be_focused()
    expect(table.root.get_by_text("wizard of")).to_be_visible()
    expect(table.root.get_by_role("table")).to_be_hidden()
    table.keys.press("Enter")
    expect(table.button("Open Shop 2")).to_be_focused()
    expect(table.root.get_by_text("wizard of")).to_have_count(0)
    table.button("New source").press("Enter")
    expect(table.root.get_by_text("wizard of None")).to_be_visible()
    back.press("Enter")
    expect(table.button("New source")).to_be_focused()


def test_what_stitch_refuses_is_said_under_the_table(table: Table) -> None:
    table.form.run("fault = client.sandbox.faults.add(status=401, path='/v4/sources')")
    table.button("Refresh").press("Enter")
    expect(table.root.locator(".sn-notice[role=alert]")).to_contain_text("401")
    expect(table.button("Refresh")).to_be_focused()
    table.form.run("fault.remove()")
    table.button("Refresh").press("Enter")
    expect(table.summary).to_have_text("Up to date.")
    expect(table.root.locator(".sn-notice[role=alert]")).to_be_hidden()


def test_two_thousand_sources_stay_usable(show: Show) -> None:
    table = Table(show(MANY))
    expect(table.root.locator("tbody tr")).to_have_count(100)
    expect(table.root.get_by_text("2,000 found")).to_be_visible()
    found = table.root.locator("input[type=search]").evaluate(SEARCH)
    assert found["rows"] == 10
    assert found["drawn"] <= 10, "no row is drawn that is not shown"
    table.press("Rename", "Shop 1999")
    table.keys.type("Last")
    table.keys.press("Enter")
    expect(table.root.get_by_role("rowheader", name="Shop 1999")).to_have_count(0)
    table.search.fill("last")
    assert table.names == ["Last"]
    table.search.fill("")
    more = table.root.get_by_role("button", name="Show 100 more of 2,000")
    more.focus()
    table.keys.press("Enter")
    expect(table.root.locator("tbody tr")).to_have_count(200)
    expect(more).to_be_focused()


@pytest.mark.parametrize("width", [1280, 800, 560])
def test_nothing_scrolls_sideways_at_any_width(show: Show, width: int) -> None:
    table = Table(show(BROWSER, width=width))
    table.press("Delete", "Billing of the long defunct subsidiary")
    assert table.form.notebook.sideways_overflow() == []
    output, card = table.root.bounding_box(), table.root.locator(".sn-card").bounding_box()
    assert output
    assert card
    assert card["x"] + card["width"] <= output["x"] + output["width"] + 1
    scroller = table.root.locator(".sn-scroller").evaluate("e => e.scrollWidth - e.clientWidth")
    assert scroller <= 0
    order = table.root.get_by_label("Sort by")
    expect(order).to_be_visible(visible=width <= 800)
    if width <= 800:
        order.select_option("Type, downwards")
        assert table.names[0] == "Shop 1"


@pytest.mark.benchmark
def test_a_search_in_two_thousand_sources_takes_less_than_half_a_second(show: Show) -> None:
    table = Table(show(MANY))
    assert table.root.locator("input[type=search]").evaluate(SEARCH)["ms"] < 500


def test_axe_finds_nothing_to_complain_of(show: Show) -> None:
    table = Table(show(BROWSER, width=800))
    card = table.root.locator(".stitchnb")
    notebook = table.form.notebook

    def look(name: str | None = None) -> None:
        for theme, width in notebook.looks():
            # A contrast can only be judged of what is not scrolled away.
            table.root.locator(".sn-scroller").evaluate("e => { e.style.maxHeight = 'none'; }")
            expect_accessible(card)
            if name:
                notebook.screenshot(f"{name}-{theme}-{width}", of=card)

    look("account")
    table.press("Rename", "Shop 1")
    table.keys.type("####")
    table.keys.press("Enter")
    expect(table.root.get_by_role("alert").filter(has_text="No schema name")).to_be_visible()
    look("account-rename")
    table.press("Delete", "Shop 1")
    look("account-delete")
    table.keys.press("Escape")
    table.press("Open", "Shop 1")
    expect(table.root.get_by_text("wizard of")).to_be_visible()
    look()
