"""The processes of the pages: which Python they run, and how long they are kept without a connection."""

from __future__ import annotations

from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

_KERNEL = "python3"

IDLE_S = 600
"""Seconds that a process is kept after its page disappears without closing, for example when a laptop sleeps."""

UNSEEN_S = 120
"""Seconds that a process is kept if its page never connected: a browser without JavaScript, or one that was closed."""

CHECK_INTERVAL_S = 15
"""Seconds between two checks for processes to end."""


class OwnPython(KernelSpecManager):
    """Offers only the Python that runs the app, no other installed kernel."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return the only kernel."""
        from ipykernel.kernelspec import get_kernel_dict

        return KernelSpec(resource_dir="", **get_kernel_dict())

    def get_all_specs(self) -> dict[str, Any]:
        """Return the only kernel by its name."""
        return {_KERNEL: {"resource_dir": "", "spec": self.get_kernel_spec(_KERNEL).to_dict()}}


class PageProcesses(AsyncMappingKernelManager):
    """Ends processes that are no longer used.

    A page reports that it is closed, and an open page keeps its process. Without either, a process is kept longer if
    its page was ever connected, because unsaved input may still be needed.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self._seen: set[str] = set()

    def notify_connect(self, kernel_id: str) -> None:
        """Remember that a page has connected."""
        super().notify_connect(kernel_id)  # type: ignore[no-untyped-call]
        self._seen.add(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a process without a connection for too long."""
        # The base class reads this first, and checks one process after the other.
        self.cull_idle_timeout = IDLE_S if kernel_id in self._seen else UNSEEN_S
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    def remove_kernel(self, kernel_id: str) -> Any:
        """Remove a process that has ended."""
        self._seen.discard(kernel_id)
        return super().remove_kernel(kernel_id)
