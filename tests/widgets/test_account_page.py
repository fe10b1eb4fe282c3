"""An account as one page: what is open, what its address points at, and what is said where there is nothing."""

from collections.abc import Callable, Iterator

import pytest
from connection_properties import recurly_properties
from form_page import Wire
from panel_page import say, send, wait_until_unwatched

import stitchnb
from stitchnb import Client, Sandbox
from stitchnb.errors import APIError, InvalidInputError
from stitchnb.widgets.account.page import AccountPage

RECURLY = recurly_properties()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z") as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return sandbox.client()


@pytest.fixture
def open_page(client: Client) -> Iterator[Callable[..., AccountPage]]:
    """Make pages that are closed at the end of the test."""
    pages: list[AccountPage] = []

    def open_page(**options: object) -> AccountPage:
        pages.append(AccountPage(client, **options))
        return pages[-1]

    yield open_page
    for page in pages:
        page.close()
    wait_until_unwatched()


def shop(client: Client, name: str = "Shop") -> int:
    return client.sources.create("platform.shopify", display_name=name, validate=False).id


def head(page: AccountPage) -> dict[str, object]:
    """What the top of the page is told to show."""
    return page.children[0]._content


def press(page: AccountPage, kind: str, **content: object) -> None:
    """Press something in the list of sources."""
    say(page.children[1].children[0], kind, **content)


def test_it_says_that_it_is_a_sandbox_and_what_becomes_of_it(open_page: Callable[..., AccountPage]) -> None:
    told = head(open_page(note="It is gone when the app stops."))
    assert (told["kind"], told["account"]) == ("sandbox", "Sandbox")
    assert "Nothing here touches a real account" in told["words"]
    assert told["note"] == "It is gone when the app stops."


def test_it_says_that_it_is_a_real_account_and_where(sandbox: Sandbox) -> None:
    with Client(sandbox.token, base_url=sandbox.url) as real:
        page = AccountPage(real)
        told = head(page)
        page.close()
    assert (told["kind"], told["account"]) == ("real", "Real account")
    assert sandbox.url in told["words"]
    assert "Changes are real" in told["words"]
    assert sandbox.token.reveal() not in str(told)


def test_a_source_is_opened_from_the_list_and_left_again(open_page: Callable[..., AccountPage], client: Client) -> None:
    id_ = shop(client)
    page = open_page()
    press(page, "open", id=id_)
    assert (page.source_id, page.wizard.step) == (id_, "form")
    assert (head(page)["place"], head(page)["title"]) == (str(id_), "Shop")
    press(page, "back")
    assert (page.source_id, page.wizard) == (None, None)
    assert (head(page)["place"], head(page)["title"]) == ("", "Sources")
    wait_until_unwatched()


def test_an_address_leads_to_its_source(open_page: Callable[..., AccountPage], client: Client) -> None:
    id_ = shop(client)
    page = open_page(own_page=True)
    say(page.children[0], "visit", place=str(id_))
    assert page.source_id == id_
    wizard = page.wizard
    page.navigate(str(id_))
    assert page.wizard is wizard, "what is open already stays as it is"
    page.navigate("new")
    assert (page.source_id, page.wizard.step, head(page)["place"]) == (None, "type", "new")
    page.navigate("")
    assert page.wizard is None


def test_a_source_that_was_made_elsewhere_meanwhile_is_found(
    open_page: Callable[..., AccountPage], client: Client
) -> None:
    page = open_page()
    id_ = shop(client)
    page.navigate(str(id_))
    assert (page.source_id, page.message) == (id_, "")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        pytest.param("99", "There is no source 99 in this account.", id="unknown"),
        pytest.param("abc", "'abc' is not a valid source id.", id="no number"),
        pytest.param("²", "'²' is not a valid source id.", id="no number that an id is written with"),
        pytest.param("9" * 40, "is not a valid source id.", id="longer than any id"),
        pytest.param("-1", "'-1' is not a valid source id.", id="negative"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_above_the_list(
    place: str, words: str, open_page: Callable[..., AccountPage], client: Client
) -> None:
    page = open_page()
    page.open_source(shop(client))
    page.navigate(place)
    assert words in page.message
    assert "from the list." in page.message
    assert (page.source_id, head(page)["place"]) == (None, "")
    page.navigate("")
    assert page.message == ""


def test_a_visit_changes_the_top_of_the_page_in_one_update(
    open_page: Callable[..., AccountPage], client: Client, wire: Wire
) -> None:
    id_ = shop(client)
    page = open_page()
    page.open_source(id_)

    def shown_by(place: str) -> list[tuple[str, bool]]:
        before = len(wire.contents(page.children[0]))
        page.navigate(place)
        sent = wire.contents(page.children[0])[before:]
        return [(one["place"], bool(one["trouble"])) for one in sent]

    assert shown_by("99") == [("", True)]
    assert shown_by("abc") == [("", True)]
    assert shown_by(str(id_)) == [(str(id_), False)]
    assert shown_by("new") == [("new", False)]
    assert shown_by("") == [("", False)]


def test_a_deleted_source_is_told_by_its_name(open_page: Callable[..., AccountPage], client: Client) -> None:
    id_ = shop(client)
    client.sources.delete(id_)
    page = open_page()
    page.navigate(str(id_))
    assert page.message == f"Source {id_} (Shop) was deleted. Its rows in the destination are kept."


def test_in_code_an_unknown_source_is_an_error(client: Client) -> None:
    with pytest.raises(InvalidInputError, match="There is no source 99 in this account"):
        AccountPage(client, source_id=99)
    wait_until_unwatched()


def test_what_stitch_refuses_is_told_and_the_list_stays(
    open_page: Callable[..., AccountPage], client: Client, sandbox: Sandbox
) -> None:
    id_ = shop(client)
    page = open_page()
    sandbox.faults.add(status=400, path="/v4/sources/{source_id}", times=1)
    page.navigate(str(id_))
    assert page.message
    assert page.wizard is None
    sandbox.faults.add(status=400, path="/v4/sources/{source_id}", times=1)
    with pytest.raises(APIError):
        page.open_source(id_)


def test_a_new_source_has_its_place_as_soon_as_it_is_there(
    open_page: Callable[..., AccountPage], client: Client
) -> None:
    page = open_page(own_page=True)
    press(page, "new")
    assert (head(page)["place"], page.jobs) == ("new", None)
    page.wizard.choose("platform.shopify")
    form = page.wizard.form
    form["display_name"].value, form["shop"].value = "My shop", "acme"
    source = form.submit()
    assert (head(page)["place"], head(page)["title"]) == (str(source.id), "My shop")
    assert page.children[1].children[0]._content["wizard"] == {"id": source.id, "title": "My shop"}
    assert page.jobs is not None


def test_a_source_that_rows_are_pushed_to_has_no_jobs(open_page: Callable[..., AccountPage], client: Client) -> None:
    page = open_page()
    page.open_source(client.sources.create("import_api", display_name="Pushed").id)
    assert page.wizard is not None
    assert page.jobs is None


def test_opening_another_source_ends_the_one_before(open_page: Callable[..., AccountPage], client: Client) -> None:
    first, second = shop(client), shop(client, "Other")
    page = open_page()
    page.open_source(first)
    before = page.wizard
    page.open_source(second)
    assert before.comm is None
    assert head(page)["title"] == "Other"


def test_a_message_that_is_none_of_ours_changes_nothing(
    open_page: Callable[..., AccountPage], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    page = open_page()
    for content in ("visit", {"type": "visit"}, {"type": "visit", "place": 5}, {"type": "delete", "place": "new"}):
        send(page.children[0], content)
    assert page.wizard is None
    assert len(caplog.records) == 4


def test_only_a_page_of_its_own_has_links(open_page: Callable[..., AccountPage]) -> None:
    own, within = open_page(own_page=True), open_page()
    assert (head(own)["own_page"], head(within)["own_page"]) == (True, False)
    assert "sn-own-page" in own._dom_classes
    assert "sn-own-page" not in within._dom_classes


def test_it_shows_itself_as_a_table_where_no_script_runs(open_page: Callable[..., AccountPage], client: Client) -> None:
    shop(client, "<Shop>")
    html = open_page()._repr_mimebundle_()["text/html"]
    assert "Sandbox" in html
    assert "&lt;Shop&gt;" in html


def test_it_is_a_public_name() -> None:
    assert stitchnb.AccountPage is AccountPage
