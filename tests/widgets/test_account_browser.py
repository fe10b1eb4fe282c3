"""The sources of an account as a table: what its page is told, and what comes of what is pressed there."""

import re
from collections.abc import Iterator
from typing import Any

import ipywidgets
import pytest
from connection_properties import recurly_properties

from stitchnb import Client, Sandbox
from stitchnb.errors import APIError, InvalidInputError, NameTakenError, StitchError
from stitchnb.widgets.account.browser import AccountBrowser
from stitchnb.widgets.account.rows import PAUSED_BY_STITCH, Row, View, row_of, shown
from stitchnb.widgets.wizard.wizard import SourceWizard

RECURLY = recurly_properties()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    """An account with a source that runs, one whose check failed, and one that is not begun."""
    client = sandbox.client()
    ready = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    ready.check().wait()
    ready.select("accounts")
    failed = client.sources.create(
        "platform.recurly", display_name="Wrong", properties={**RECURLY, "api_key": "bad-key"}
    )
    with pytest.raises(StitchError):
        failed.check().wait()
    client.sources.create("platform.shopify", display_name="Shop", validate=False)
    return client


@pytest.fixture
def browser(client: Client) -> AccountBrowser:
    return AccountBrowser(client)


class Page:
    """A view of a browser, as its script would have it."""

    def __init__(self, browser: AccountBrowser, view: str = "view-1") -> None:
        self.panel = browser.children[0]
        self.view = view

    def press(self, kind: str, **content: Any) -> None:
        self.send({"type": kind, "view": self.view, **content})

    def send(self, content: Any) -> None:
        self.panel._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    def look(self, **view: Any) -> None:
        """Say what is looked for, the way the script does."""
        self.panel.set_state({"_view": {"search": "", "state": "all", "sort": "display_name"} | view})

    @property
    def told(self) -> dict[str, Any]:
        return self.panel._content

    @property
    def rows(self) -> dict[str, Row]:
        """The rows as the script puts them together, by display name."""
        by_id = {row[0]: Row(*row) for row in self.panel._rows} | {row[0]: Row(*row) for row in self.told["changed"]}
        return {row.display_name: row for row in by_id.values()}

    @property
    def alert(self) -> str:
        """What it says that was not done."""
        notice = self.told["notice"]
        return notice["text"] if notice and notice["tone"] == "error" else ""


def ids(client: Client) -> dict[str, int]:
    return {source.display_name: source.id for source in client.sources.list()}


def test_it_tells_of_each_source_how_it_stands(client: Client, browser: AccountBrowser) -> None:
    page = Page(browser)
    states = {name: page.told["states"][row.state] for name, row in page.rows.items()}
    assert states == {
        "Recurly": ["fully configured", "ok", "ready"],
        "Wrong": ["check failed", "error", "failed"],
        "Shop": ["form", "warn", "setup"],
    }
    assert page.told["types"] == {"platform.recurly": "Recurly", "platform.shopify": "Shopify"}
    assert page.told["place"] == "sandbox"
    recurly = page.rows["Recurly"]
    due = client.sources.get(recurly.id).schedule.next_fire_time
    assert (recurly.next_start, recurly.created) == (due.timestamp(), 1774022400)
    assert page.rows["Shop"].next_start is None


def test_a_check_that_failed_is_asked_for_once_until_the_source_is_changed(client: Client) -> None:
    browser = AccountBrowser(client)
    asked = lambda: sum("last-connection-check" in path for path in client.journal.to_frame()["path"])  # noqa: E731
    before = asked()
    browser.refresh()
    assert asked() == before
    client.sources.update(ids(client)["Wrong"], properties={"api_key": "a-key"})
    client.connection_checks.wait(ids(client)["Wrong"])
    browser.refresh()
    assert Page(browser).rows["Wrong"].state == "field_selection"


def test_the_list_is_shown_where_a_check_cannot_be_asked_for(client: Client, sandbox: Sandbox) -> None:
    sandbox.faults.add(status=500, path="/v4/sources/{source_id}/last-connection-check")
    assert Page(AccountBrowser(client)).rows["Wrong"].state == "discover_schema"


def test_a_press_pauses_and_another_one_resumes(client: Client, browser: AccountBrowser) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    page.press("pause", id=id_)
    assert client.sources.get(id_).state == "paused"
    assert (page.rows["Recurly"].state, page.rows["Recurly"].next_start) == ("paused", None)
    assert page.told["notice"]["text"] == browser.message == "Paused Recurly. No jobs will be scheduled."
    page.press("resume", id=id_)
    assert client.sources.get(id_).state == page.rows["Recurly"].state == "fully_configured"
    assert browser.message == "Resumed Recurly. Its schedule runs again."


def test_one_change_sends_one_row_and_not_the_list(client: Client, wire: Any) -> None:
    browser = AccountBrowser(client)
    wire.messages.clear()
    browser.pause(ids(client)["Recurly"])
    keys = [set(message["data"].get("state", {})) for message in wire.messages]
    assert keys == [{"_content"}]
    assert [row[2] for row in Page(browser).told["changed"]] == ["Recurly"]
    browser.refresh()
    assert Page(browser).told["changed"] == []
    assert Page(browser).rows["Recurly"].state == "paused"


def test_a_source_gets_another_name_and_keeps_its_schema(client: Client, browser: AccountBrowser) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    page.press("rename", id=id_, text="  Recurly EU ")
    assert (client.sources.get(id_).display_name, client.sources.get(id_).name) == ("Recurly EU", "recurly")
    assert page.rows["Recurly EU"].name == "recurly"
    assert browser.message == "Renamed Recurly to Recurly EU. Its schema is still recurly."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("   ", "Expected a name, such as Recurly.", id="blank"),
        pytest.param("####", "No schema name can be made from '####': it needs letters, such as Recurly.", id="signs"),
        pytest.param("1st", "The schema would be 1st: it must begin with a letter or an underscore.", id="digit"),
    ],
)
def test_what_is_no_display_name_is_not_sent(client: Client, browser: AccountBrowser, name: str, words: str) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    sent = len(client.journal)
    page.press("rename", id=id_, text=name)
    assert page.alert == words
    assert page.told["notice"]["asked"] == {"view": "view-1", "type": "rename", "id": id_}
    assert len(client.journal) == sent
    with pytest.raises(InvalidInputError, match=re.escape(words)):
        browser.rename(id_, name)


def test_a_refusal_of_stitch_is_said_and_nothing_else_is_lost(client: Client, browser: AccountBrowser) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    before = page.rows
    page.press("rename", id=id_, text="Shop")
    assert "non-unique name (Shop)" in page.alert
    assert page.rows == before
    with pytest.raises(NameTakenError):
        browser.rename(id_, "Shop")
    page.press("pause", id=id_)
    assert page.alert == ""


@pytest.mark.parametrize("typed", ["", "recurly", "Recurly!", "Shop"])
def test_nothing_is_deleted_until_the_display_name_is_typed(
    client: Client, browser: AccountBrowser, typed: str
) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    page.press("delete", id=id_, text=typed)
    assert page.alert == f"Source {id_} was not deleted. Type its display name exactly: Recurly."
    with pytest.raises(InvalidInputError, match="Type its display name exactly: Recurly"):
        browser.delete(id_, confirm=typed)
    assert client.sources.get(id_).deleted_at is None


def test_a_deleted_source_stays_as_such_and_nothing_more_can_be_done_with_it(
    client: Client, browser: AccountBrowser
) -> None:
    page, id_ = Page(browser), ids(client)["Recurly"]
    page.press("delete", id=id_, text="Recurly")
    assert client.sources.get(id_).state == page.rows["Recurly"].state == "deleted"
    assert browser.message == "Deleted Recurly. Its rows in the destination are kept."
    for kind in ("pause", "resume", "open"):
        page.press(kind, id=id_)
        assert page.alert == f"Source {id_} was deleted."
    page.press("delete", id=id_, text="Recurly")
    assert "was deleted" in page.alert


def test_a_source_that_the_table_does_not_know_is_refused(browser: AccountBrowser) -> None:
    page = Page(browser)
    page.press("pause", id=1)
    assert page.alert == "The table has no source 1. Call refresh() to load the sources again."
    with pytest.raises(InvalidInputError):
        browser.resume(1)


def test_what_was_done_elsewhere_is_seen_after_a_refresh(client: Client, browser: AccountBrowser) -> None:
    page = Page(browser)
    client.sources.delete(ids(client)["Recurly"])
    client.sources.create("platform.shopify", display_name="Second shop", validate=False)
    page.press("refresh")
    assert page.rows["Recurly"].state == "deleted"
    assert page.rows["Second shop"].state == "form"
    assert browser.message == "Up to date."


def test_a_refresh_that_fails_leaves_the_table_as_it_was(client: Client, sandbox: Sandbox) -> None:
    browser = AccountBrowser(client)
    page = Page(browser)
    before = page.rows
    with sandbox.faults.add(status=401, path="/v4/sources"):
        page.press("refresh")
        assert "401" in page.alert
        with pytest.raises(APIError):
            browser.refresh()
    assert page.rows == before


def test_a_source_is_opened_in_the_tables_place_and_one_goes_back(client: Client) -> None:
    opened = []

    def open_it(source_id: int | None) -> ipywidgets.Widget:
        opened.append(source_id)
        return ipywidgets.Label("a wizard")

    browser = AccountBrowser(client, open=open_it)
    page, id_ = Page(browser), ids(client)["Shop"]
    page.press("open", id=id_)
    assert page.told["wizard"] == {"id": id_, "title": "Shop"}
    assert [type(child).__name__ for child in browser.children] == ["AccountTable", "Label"]
    client.sources.update(id_, display_name="Shop EU")
    page.press("back")
    assert page.told["wizard"] is None
    assert len(browser.children) == 1
    assert "Shop EU" in page.rows
    page.press("new")
    assert page.told["wizard"] == {"id": None, "title": "New source"}
    assert opened == [id_, None]
    browser.close_wizard()
    browser.close_wizard()
    assert len(browser.children) == 1


def test_without_an_opener_it_is_a_wizard_which_ends_when_one_goes_back(
    browser: AccountBrowser, client: Client
) -> None:
    wizard = browser.open_wizard(ids(client)["Recurly"])
    assert isinstance(wizard, SourceWizard)
    assert wizard.source.display_name == "Recurly"
    assert browser.children[1] is wizard
    new = browser.open_wizard()
    assert wizard.comm is None
    assert browser.children[1] is new
    Page(browser).press("back")
    assert new.comm is None
    assert len(browser.children) == 1


def test_a_source_that_cannot_be_opened_leaves_what_is_open(
    browser: AccountBrowser, client: Client, sandbox: Sandbox
) -> None:
    wizard, other = browser.open_wizard(ids(client)["Recurly"]), ids(client)["Shop"]
    with sandbox.faults.add(status=401), pytest.raises(APIError):
        browser.open_wizard(other)
    assert browser.children[1] is wizard
    assert wizard is not None
    assert wizard.comm is not None


def test_an_opener_that_shows_nothing_leaves_the_table(client: Client) -> None:
    opened: list[int | None] = []
    browser = AccountBrowser(client, open=opened.append)
    assert browser.open_wizard(ids(client)["Shop"]) is None
    assert Page(browser).told["wizard"] is None
    assert opened == [ids(client)["Shop"]]


def test_search_state_and_order_decide_what_the_frame_holds(client: Client, browser: AccountBrowser) -> None:
    names = lambda: list(browser.to_frame()["display_name"])  # noqa: E731
    assert names() == ["Recurly", "Shop", "Wrong"]
    assert list(browser.to_frame().columns) == list(client.sources.to_frame().columns)
    browser.filter(sort="-display_name")
    assert names() == ["Wrong", "Shop", "Recurly"]
    browser.filter(search="RECURLY config")
    assert names() == ["Recurly"]
    browser.filter(search="", state="failed")
    assert names() == ["Wrong"]
    browser.filter(state="all")
    browser.delete(ids(client)["Shop"], confirm="Shop")
    assert names() == ["Wrong", "Recurly"]
    browser.filter(state="deleted")
    assert names() == ["Shop"]
    browser.filter(search="nothing like it")
    assert list(browser.to_frame().columns) == list(client.sources.to_frame().columns)
    assert browser.to_frame().empty


def test_what_the_page_looks_for_is_what_the_frame_holds(browser: AccountBrowser) -> None:
    page = Page(browser)
    page.look(search="shop", sort="-created_at")
    assert list(browser.to_frame()["display_name"]) == ["Shop"]
    page.look(state="no such state", sort=["markup"], search=5, more="x")
    assert page.panel._view == {"search": "", "state": "all", "sort": "display_name"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        pytest.param({"state": "pause"}, "no state 'pause'. Did you mean 'paused'?", id="near"),
        pytest.param({"sort": "colour"}, "no sort 'colour'. Use one of display_name, type", id="unknown"),
    ],
)
def test_a_state_or_an_order_that_there_is_not_is_refused(
    browser: AccountBrowser, asked: dict[str, str], words: str
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        browser.filter(**asked)
    assert words in str(refused.value)


def test_what_has_no_value_comes_last_whichever_way_it_goes() -> None:
    rows = [Row(i, f"s{i}", f"S{i}", "platform.x", "form", due, None) for i, due in ((3, 30), (2, None), (1, 10))]
    assert [row.id for row in shown(rows, View(sort="next_fire_time"))] == [1, 3, 2]
    assert [row.id for row in shown(rows, View(sort="-next_fire_time"))] == [3, 1, 2]
    assert [row.id for row in shown(rows, View(sort="created_at"))] == [1, 2, 3]


def test_what_stitch_itself_paused_cannot_be_resumed_here(client: Client) -> None:
    source = client.sources.list()[0]
    wire = {**source.to_dict(), "system_paused_at": "2026-03-20T16:00:00Z"}
    assert row_of(type(source)(wire), {}).state == PAUSED_BY_STITCH
    assert row_of(type(source)(wire | {"paused_at": "2026-03-20T16:00:00Z"}), {}).state == "paused"


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("pause", id="no object"),
        pytest.param({"type": "close", "view": "v"}, id="unknown"),
        pytest.param({"type": "pause", "view": "v"}, id="no id"),
        pytest.param({"type": "pause", "view": "v", "id": True}, id="an id that is no number"),
        pytest.param({"type": "delete", "view": "v", "id": 1}, id="no text"),
        pytest.param({"type": "rename", "view": "v", "id": 1, "text": "x" * 300}, id="too long"),
    ],
)
def test_a_message_that_is_none_of_its_own_changes_nothing(browser: AccountBrowser, message: Any) -> None:
    page = Page(browser)
    before = dict(page.told)
    page.send(message)
    assert page.told == before


def test_it_shows_itself_where_no_script_runs(client: Client, browser: AccountBrowser) -> None:
    assert repr(browser) == "AccountBrowser(3 sources)"
    browser.rename(ids(client)["Shop"], "<Shop>")
    browser.delete(ids(client)["Wrong"], confirm="Wrong")
    bundle = browser._repr_mimebundle_()
    assert bundle["text/plain"] == "AccountBrowser(2 sources, 1 deleted)"
    assert "&lt;Shop&gt;" in bundle["text/html"]
    assert "2026-03-20 16:00:00 UTC" in bundle["text/html"]
    assert "fully configured" in bundle["text/html"]


def test_nothing_of_a_sources_properties_goes_to_the_page(client: Client, wire: Any) -> None:
    AccountBrowser(client)
    assert wire.messages
    assert not wire.holds("a-key")
    assert not wire.holds("quota_limit")
