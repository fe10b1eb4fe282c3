"""What the browser tests before this module left behind: nothing but the one JupyterLab that is shared."""

import asyncio

import psutil
import pytest
from lab_server import LabServer


def test_no_browser_and_no_kernel_outlives_its_module(lab: LabServer) -> None:
    children = {process.pid for process in psutil.Process().children(recursive=True)}
    assert lab.kernels() == []
    assert children - {process.pid for process in lab.descendants()} == {lab.process.pid}


def test_other_tests_can_run_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()
    asyncio.run(asyncio.sleep(0))
