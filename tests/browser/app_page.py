"""A page of `stitchnb app` in a real browser, and what a test does on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from app_server import App
from playwright.sync_api import Browser, Locator, Page, expect


class AppPage:
    """One page of the app, in a browser context of its own.

    Attributes
    ----------
    page
        Playwright's page.
    requests
        Every address that it asked for.
    troubles
        What the console showed as errors, and the exceptions that nobody caught.
    """

    def __init__(self, page: Page, app: App, artifacts: Path) -> None:
        self.page = page
        self.app = app
        self.requests: list[str] = []
        self.troubles: list[str] = []
        self._artifacts = artifacts
        page.context.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on(
            "console",
            lambda message: self.troubles.append(message.text) if message.type == "error" else None,
        )

    @property
    def foreign_requests(self) -> list[str]:
        """The addresses on other machines that it asked for."""
        schemes = ("http", "https", "ws", "wss")
        parts = [(url, urlsplit(url)) for url in self.requests]
        return [url for url, part in parts if part.scheme in schemes and part.hostname != "127.0.0.1"]

    @property
    def address(self) -> str:
        """What the address bar shows."""
        return self.page.url

    @property
    def trouble(self) -> Locator:
        """What the app says of its own state."""
        return self.page.locator("#page-stopped")

    def button(self, name: str, within: Locator | None = None) -> Locator:
        """A button by its whole name."""
        return (within or self.page.locator("body")).get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        """An input by its whole label."""
        return self.page.get_by_label(label, exact=True)

    def expect_list(self) -> None:
        """Wait until the list of sources is shown."""
        expect(self.button("New source")).to_be_visible(timeout=60_000)

    def headings(self) -> list[str]:
        """The headings that are seen, each with its level."""
        seen = "all => all.filter(one => one.checkVisibility()).map(one => `${one.tagName} ${one.textContent}`)"
        return self.page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(seen)

    def sideways_overflow(self) -> int:
        """How many pixels the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def screenshot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        self._artifacts.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._artifacts / f"{name}.png", full_page=True)


@contextmanager
def opened(
    browser: Browser,
    app: App,
    artifacts: Path,
    *,
    place: str = "",
    scheme: Literal["light", "dark"] = "light",
    width: int = 1280,
) -> Iterator[AppPage]:
    """Open the app as its user does, by the address that it printed; `place` is a source's id, or ``new``."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(60_000)
    try:
        shown = AppPage(context.new_page(), app, artifacts)
        shown.page.goto(f"{app.address}&source={place}" if place else app.address)
        expect(shown.page.get_by_role("heading", level=1)).to_be_visible()
        yield shown
    finally:
        context.close()
