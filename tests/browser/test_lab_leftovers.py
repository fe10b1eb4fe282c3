"""What the browser tests leave behind; that nothing outlives them is checked at their end, by `nothing_left`."""

import asyncio

import pytest
from lab_page import PausedBrowser, processes_of_pages
from lab_server import LabServer
from playwright.sync_api import Browser


def test_other_tests_can_run_an_event_loop_while_a_browser_is_paused(paused_browser: PausedBrowser) -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    asyncio.run(asyncio.sleep(0))
    with paused_browser.at_work() as browser:
        page = browser.new_page()
        assert page.evaluate("() => 6 * 7") == 42
        page.close()


def test_there_is_at_most_the_kernel_that_tests_share(lab: LabServer) -> None:
    assert len(lab.kernels()) <= 1


def test_a_browser_would_be_seen(browser: Browser) -> None:
    assert browser.is_connected()
    assert len(processes_of_pages()) > 1
