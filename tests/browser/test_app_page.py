"""`stitchnb app` in a real browser: what people who do not code do with it, from a new source to its rows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from accessibility import expect_accessible
from app_page import AppPage, opened
from app_server import App, running
from lab_server import wait_until_gone
from playwright.sync_api import Browser, expect

from stitchnb import Client

TITLE = "Stitch Connect"
RECURLY = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("app")) as app:
        yield app


@pytest.fixture
def open_page(browser: Browser, app: App, project_root: Path) -> Iterator[Callable[..., AppPage]]:
    """Open the app; at the end no page may have asked another machine for anything, nor met an error of a script."""
    with ExitStack() as stack:
        pages: list[AppPage] = []

        def open_page(**options: object) -> AppPage:
            artifacts = project_root / "test-artifacts" / "browser"
            pages.append(stack.enter_context(opened(browser, app, artifacts, **options)))
            return pages[-1]

        yield open_page
        assert [url for page in pages for url in page.foreign_requests] == []
        assert [trouble for page in pages for trouble in page.troubles] == []


def test_a_source_is_made_and_run_by_mouse_and_keyboard_and_its_link_leads_back_to_it(
    open_page: Callable[..., AppPage], app: App
) -> None:
    shown = open_page()
    page = shown.page
    assert shown.address == f"{app.url}/", "the token is not kept in the address"
    assert page.title() == f"Sources – {TITLE}"  # noqa: RUF001
    expect(page.get_by_text("Nothing here touches a real account.")).to_be_visible()

    shown.button("New source").press("Enter")
    gallery = page.locator(".sn-gallery")
    gallery.get_by_label("Search").fill("recurly")
    page.keyboard.press("Enter")
    expect(shown.field("Display name")).to_have_value("Recurly")
    assert shown.address == f"{app.url}/?source=new"
    shown.field("API key").fill("a-key")
    shown.field("Subdomain").fill("acme")
    shown.field("Quota limit").fill("30")
    page.keyboard.press("Tab")
    expect(shown.button("Copy as Python")).to_be_hidden()
    shown.button("Create source").click()

    expect(shown.button("Apply")).to_be_visible()
    assert shown.address == f"{app.url}/?source=233312"
    assert page.title() == f"Recurly – {TITLE}"  # noqa: RUF001
    start = shown.button("Start job", page.locator(".sn-source-jobs"))
    expect(start).to_have_attribute("aria-disabled", "true")
    page.get_by_role("checkbox").first.check()
    shown.button("Apply").click()
    step = page.locator('ol.sn-steps [aria-current="step"]').first
    expect(step).to_contain_text("Streams and fields (done)")
    shown.button("Continue").click()
    expect(step).to_contain_text("Schedule")

    start.click()
    monitor = page.locator(".sn-monitor")
    expect(monitor.get_by_text("running", exact=True)).to_be_visible()
    expect(monitor.get_by_text("Job finished: 10 of 10 streams loaded")).to_be_visible()
    expect(page.locator(".sn-runs").get_by_text("succeeded")).to_be_visible()
    headings = shown.headings()
    assert (headings[0], headings[-1]) == ("H1 Recurly", "H2 Jobs")
    shown.screenshot("app-source-light-1280")

    link = page.get_by_role("link", name="?source=233312")
    assert link.get_attribute("href") == shown.address
    with page.context.expect_page() as other:
        link.click()
    again = other.value
    expect(again.get_by_role("heading", name="Recurly", level=1)).to_be_visible()
    again.get_by_role("button", name="Rows").click()
    expect(again.get_by_text("of schema recurly.")).to_be_visible()
    expect(again.locator("pre:not([role=log]):visible, .sn-copied:visible")).to_have_text([])
    again.close()

    shown.button("Back to all sources").press("Enter")
    expect(shown.button("Open Recurly")).to_be_focused()
    assert shown.address == f"{app.url}/"
    page.go_back()
    expect(page.get_by_role("heading", name="Recurly", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Recurly", level=1)).to_be_visible()
    assert shown.address == f"{app.url}/?source=233312"


def test_an_address_that_leads_nowhere_is_told_above_the_list_and_everybody_can_read_it(
    open_page: Callable[..., AppPage], app: App
) -> None:
    for scheme, width in (("dark", 800), ("light", 1280)):
        shown = open_page(place="99", scheme=scheme, width=width)
        expect(shown.page.get_by_text("There is no source 99 in this account.")).to_be_visible()
        shown.expect_list()
        assert shown.address == f"{app.url}/"
        if scheme == "dark":
            known = app.sandbox()
            with Client(known["token"], base_url=known["url"]) as client:
                source = client.sources.create("platform.recurly", display_name="Mine", properties=RECURLY)
                source.check().wait()
                source.select("accounts").start_job().wait()
            shown.button("Refresh").click()
        expect(shown.button("Open Mine")).to_be_visible()
        assert shown.sideways_overflow() == 0
        assert shown.page.evaluate("document.body.dataset.jpThemeLight") == str(scheme == "light").lower()
        expect_accessible(shown.page.locator("body"))
        shown.screenshot(f"app-list-{scheme}-{width}")
        if scheme == "dark":
            shown.button("Open Mine").click()
            expect(shown.page.get_by_role("heading", name="Mine", level=1)).to_be_visible()
            expect(shown.page.locator(".sn-runs")).to_be_visible()
            assert shown.sideways_overflow() == 0
            expect_accessible(shown.page.locator("body"))
            shown.screenshot(f"app-source-{scheme}-{width}")


def test_a_token_that_is_typed_in_opens_the_page_that_was_asked_for(browser: Browser, app: App) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(f"{app.url}/?source=new")
        page.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_text("That was not the token.")).to_be_visible()
        page.get_by_label("Token").fill(app.token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="New source", level=1)).to_be_visible(timeout=60_000)
        assert page.url == f"{app.url}/?source=new"
        with_token = [cookie["name"] for cookie in context.cookies() if app.token in cookie["value"]]
        assert with_token == []
    finally:
        context.close()


def test_a_tab_that_is_closed_without_being_asked_ends_its_process(open_page: Callable[..., AppPage], app: App) -> None:
    before = app.pages()
    shown = open_page()
    shown.expect_list()
    below = [process for process in app.pages() if process not in before]
    assert len(below) == 1
    shown.page.close(run_before_unload=False)
    wait_until_gone(below)


def test_what_is_behind_the_page_ends_and_the_page_says_so(
    browser: Browser, project_root: Path, tmp_path: Path
) -> None:
    with running(tmp_path) as app, opened(browser, app, project_root / "test-artifacts" / "browser") as shown:
        (process,) = app.pages()
        process.kill()
        expect(shown.trouble).to_contain_text("Reload the page: what was done so far is kept.")
        shown.page.reload()
        shown.expect_list()
        expect(shown.trouble).to_be_empty()
        app.process.terminate()
        expect(shown.trouble).to_contain_text("The app was stopped. Start it again with stitchnb app")
        shown.screenshot("app-stopped-light-1280")
