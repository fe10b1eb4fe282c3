"""How long the process behind a page of `stitchnb app` is kept once nothing is heard of the page."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from stitchnb._app.processes import CHECK_INTERVAL_S, IDLE_S, UNSEEN_S, PageProcesses
from stitchnb._app.server import server_config

PAGE = "a-page"


class Processes(PageProcesses):
    """Has one process, which has been idle for so many seconds, and remembers whether it was ended."""

    def __init__(self, *, idle_s: float, state: str = "idle") -> None:
        super().__init__()
        since = datetime.now(UTC) - timedelta(seconds=idle_s)
        spec = SimpleNamespace(metadata={})
        self._kernels[PAGE] = SimpleNamespace(
            execution_state=state, last_activity=since, kernel_spec=spec, kernel_name="python3"
        )
        self._kernel_connections[PAGE] = 0
        self.ended: list[str] = []

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **options: Any) -> None:
        self.ended.append(kernel_id)
        self.remove_kernel(kernel_id)

    def look(self) -> bool:
        """Look once; True where the process was ended."""
        asyncio.run(self.cull_kernels())
        return self.ended == [PAGE]


@pytest.mark.parametrize(
    ("idle_s", "state", "is_ended"),
    [
        pytest.param(UNSEEN_S - 30, "idle", False, id="it may still come up"),
        pytest.param(UNSEEN_S + 1, "idle", True, id="it will not come up any more"),
        pytest.param(UNSEEN_S + 1, "busy", False, id="it is still being made"),
    ],
)
def test_a_page_that_never_came_up_has_its_process_ended_soon(idle_s: float, state: str, is_ended: bool) -> None:
    assert Processes(idle_s=idle_s, state=state).look() is is_ended


@pytest.mark.parametrize(
    ("idle_s", "is_ended"),
    [
        pytest.param(IDLE_S - 30, False, id="a laptop that sleeps may wake up"),
        pytest.param(IDLE_S + 1, True, id="gone for good"),
    ],
)
def test_a_page_that_was_there_is_waited_for(idle_s: float, is_ended: bool) -> None:
    processes = Processes(idle_s=idle_s)
    processes.notify_connect(PAGE)
    processes.notify_disconnect(PAGE)
    assert processes.look() is is_ended


def test_a_page_that_is_open_keeps_its_process_however_long_it_is_left() -> None:
    processes = Processes(idle_s=100 * IDLE_S)
    processes.notify_connect(PAGE)
    assert not processes.look()


def test_the_server_looks_after_them() -> None:
    config = server_config(port=1, token="abc", open_browser=False)
    assert config.VoilaConfiguration.multi_kernel_manager_class is PageProcesses
    assert config.MappingKernelManager.cull_interval == CHECK_INTERVAL_S < UNSEEN_S < IDLE_S
