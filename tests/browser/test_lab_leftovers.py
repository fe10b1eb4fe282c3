"""What the browser tests before this module left behind: nothing but the one JupyterLab that is shared."""

import asyncio

import psutil
import pytest
from lab_page import CHROMIUM_ARGUMENTS
from lab_server import LabServer
from playwright.sync_api import sync_playwright

# What starts a browser, a browser itself, and a kernel; servers of other tests may live as long as the session.
OF_A_PAGE = ("chrom", "playwright", "ipykernel")


def is_of_a_page(process: psutil.Process) -> bool:
    try:
        return any(word in " ".join(process.cmdline()[:4]) for word in OF_A_PAGE)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def test_no_browser_and_no_kernel_outlives_its_module(lab: LabServer) -> None:
    assert lab.kernels() == []
    assert [process for process in psutil.Process().children(recursive=True) if is_of_a_page(process)] == []


def test_a_browser_would_be_seen(chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        seen = [process for process in psutil.Process().children(recursive=True) if is_of_a_page(process)]
        browser.close()
    assert len(seen) > 1


def test_other_tests_can_run_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    asyncio.run(asyncio.sleep(0))
