"""Fixtures for tests in a real browser.

A test in JupyterLab calls ``show(cell, …)`` for a widget in a notebook, or ``open_notebook(notebook)`` for any
notebook. All tests use one page, in which Lab is loaded once, and one kernel. Each test has its own
notebook, and finds no variable, widget, message, theme or window size of the test before it. A test may restart or shut
down the kernel: the next test gets another one. Only what needs a kernel that Lab itself started says
``own_kernel=True``.

What must wait in the kernel until the test goes on is in `gates`. There is no waiting for a time to pass.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
from form_views import Form, show_form
from lab_page import CHROMIUM_ARGUMENTS, LabPage, NotebookPage, PausedBrowser, find_chromium, processes_of_pages
from lab_server import LabServer
from playwright.sync_api import Browser, expect, sync_playwright

HERE = Path(__file__).resolve().parent

# Two pages, two servers and their kernels share the machine: what takes long is not wrong.
expect.set_options(timeout=60_000)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a browser, said or not."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium(original_environment: Mapping[str, str], unavailable: Callable[[str], NoReturn]) -> str:
    """Path of a Chromium; without one the test is skipped, and in the gate fails."""
    path = find_chromium(original_environment)
    if path is None:
        named = original_environment.get("STITCHNB_CHROMIUM")
        where = f"STITCHNB_CHROMIUM names {named!r}, which is no program" if named else "none on the PATH"
        install = "brew install --cask chromium" if sys.platform == "darwin" else "apt-get install chromium"
        unavailable(f"Browser tests need Chromium ({where}). To install it: {install}")
    return path


@pytest.fixture(scope="session")
def nothing_left() -> Iterator[None]:
    """Once all tests were run, no browser and no kernel may live on."""
    yield
    left = processes_of_pages()
    assert not left, f"these outlive the tests: {left}"


@pytest.fixture(scope="session")
def lab(
    chromium: str,
    nothing_left: None,
    tmp_path_factory: pytest.TempPathFactory,
    isolated_environment: Callable[[Path], dict[str, str]],
) -> Iterator[LabServer]:
    """One JupyterLab for the whole session, with everything it reads and writes in a temporary folder."""
    home = tmp_path_factory.mktemp("lab")
    with LabServer(home, isolated_environment(home)) as server:
        yield server


@pytest.fixture(scope="session")
def paused_browser(
    chromium: str, nothing_left: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PausedBrowser]:
    """One Chromium for the whole session, which tests use by way of `browser`."""
    home = tmp_path_factory.mktemp("chromium")
    playwright = sync_playwright().start()
    paused = PausedBrowser(
        playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS), env={"HOME": str(home)})
    )
    yield paused
    with paused.at_work() as browser:
        browser.close()
        playwright.stop()


@pytest.fixture(scope="module")
def browser(paused_browser: PausedBrowser) -> Iterator[Browser]:
    """The session's Chromium, which a module's tests can use."""
    with paused_browser.at_work() as browser:
        yield browser


@pytest.fixture
def lab_page(lab: LabServer, paused_browser: PausedBrowser, browser: Browser, project_root: Path) -> LabPage:
    """JupyterLab in one page, with one kernel, for all tests."""
    page = paused_browser.lab_page
    if page is None or not page.is_usable:
        if page is not None:
            page.close()
        page = LabPage(lab, browser, artifacts=project_root / "test-artifacts" / "browser")
        paused_browser.lab_page = page
    return page


@pytest.fixture
def open_notebook(lab_page: LabPage) -> Iterator[Callable[..., NotebookPage]]:
    """Open a copy of a notebook: ``open_notebook(path_or_node, width=1280, keep_outputs=False, own_kernel=False)``.

    After the test the kernel must have nothing left to do, no script may have failed, and the page may not have
    requested anything from another machine.
    """
    lab_page.forget_records()
    yield lab_page.open
    left, troubles = lab_page.clear(), lab_page.troubles
    assert not left, f"goes on in the kernel after the test: {left}"
    assert not troubles, f"the page met errors, or requested something from another machine: {troubles}"


@pytest.fixture
def show(open_notebook: Callable[..., NotebookPage]) -> Callable[..., Form]:
    """Open a notebook with a form: ``show(cell, width=1280)``; the cells of `form_views` have the names they need."""
    return partial(show_form, open_notebook)
