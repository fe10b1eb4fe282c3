"""The processes behind the pages: which Python they run, and how long one is kept that nobody is heard of from."""

from __future__ import annotations

from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

_KERNEL = "python3"

IDLE_S = 600
"""Seconds that a page's process is kept once its page is gone without a word, as when a laptop sleeps."""

UNSEEN_S = 120
"""Seconds that a process is kept whose page never came up: a browser without JavaScript, or one that was closed."""

LOOK_S = 15
"""Seconds between two looks at which processes are to end."""


class OwnPython(KernelSpecManager):
    """Offers the Python that the app runs in, whatever kernels are installed besides."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the one kernel there is."""
        from ipykernel.kernelspec import get_kernel_dict

        return KernelSpec(resource_dir="", **get_kernel_dict())

    def get_all_specs(self) -> dict[str, Any]:
        """Give the one kernel there is, by its name."""
        return {_KERNEL: {"resource_dir": "", "spec": self.get_kernel_spec(_KERNEL).to_dict()}}


class PageProcesses(AsyncMappingKernelManager):
    """Ends the processes that are of no use any more.

    A page that is closed says so, and one that is open keeps its process. Where neither is heard of, it counts whether
    the page has ever come up: what has been typed into it may still be wanted, and into one that never came up nothing
    was.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)  # type: ignore[no-untyped-call]
        self._seen: set[str] = set()

    def notify_connect(self, kernel_id: str) -> None:
        """Hear that a page has come up, or has come back."""
        super().notify_connect(kernel_id)  # type: ignore[no-untyped-call]
        self._seen.add(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a process if nobody has been heard of for too long."""
        # It is read before anything else happens, and one process is looked at after the other.
        self.cull_idle_timeout = IDLE_S if kernel_id in self._seen else UNSEEN_S
        await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a process that has ended."""
        self._seen.discard(kernel_id)
        return super().remove_kernel(kernel_id)
