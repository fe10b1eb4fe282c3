"""Fixtures for tests in a real browser: ``lab`` and ``open_notebook`` are all that most tests need."""

import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import pytest
from form_views import Form, show_form
from lab_page import CHROMIUM_ARGUMENTS, NotebookPage, find_chromium
from lab_server import LabServer
from playwright.sync_api import Browser, expect, sync_playwright

HERE = Path(__file__).resolve().parent

# Two pages, two servers and their kernels share the machine: what takes long is not wrong.
expect.set_options(timeout=30_000)


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
def lab(
    chromium: str,
    tmp_path_factory: pytest.TempPathFactory,
    isolated_environment: Callable[[Path], dict[str, str]],
) -> Iterator[LabServer]:
    """One JupyterLab for the whole session, with everything it reads and writes in a temporary folder."""
    home = tmp_path_factory.mktemp("lab")
    with LabServer(home, isolated_environment(home)) as server:
        yield server


@pytest.fixture(scope="module")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A Chromium for one test module.

    No longer than that: while Playwright's synchronous API is at work, its event loop is the thread's running one, and
    no other test could call `asyncio.run`.
    """
    home = tmp_path_factory.mktemp("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=list(CHROMIUM_ARGUMENTS), env={"HOME": str(home)}
        )
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(lab: LabServer, browser: Browser, project_root: Path) -> Iterator[Callable[..., NotebookPage]]:
    """Open copies of notebooks: ``open_notebook(path_or_node, keep_outputs=False, width=1280)``.

    At the end of the test all of them are closed, their kernels ended, and no page may have asked another machine for
    anything.
    """
    pages: list[NotebookPage] = []

    def open_notebook(notebook: Path | nbformat.NotebookNode, **options: Any) -> NotebookPage:
        page = NotebookPage(lab, browser, notebook, artifacts=project_root / "test-artifacts" / "browser", **options)
        pages.append(page)
        return page

    yield open_notebook
    for page in pages:
        page.close()
    lab.shut_down_kernels()
    foreign = [url for page in pages for url in page.foreign_requests]
    assert not foreign, f"a page asked other machines: {foreign}"


@pytest.fixture
def show(open_notebook: Callable[..., NotebookPage], project_root: Path) -> Callable[..., Form]:
    """Open a notebook with a form: ``show(cell, width=1280)``; the cells of `form_views` have the names they need."""
    return partial(show_form, open_notebook, project_root / "tests")
