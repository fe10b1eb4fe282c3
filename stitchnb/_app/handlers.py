"""The server's request handlers."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlencode

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from stitchnb._app.rpc_server import SandboxCalls


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """The page. The token is removed from the address, so that a copied link does not contain it."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Serve the page in its own process."""
        if "token" not in self.request.query_arguments:
            await super().get(path)
            return
        kept = [
            (name, value)
            for name, values in self.request.query_arguments.items()
            if name != "token"
            for value in values
        ]
        self.redirect(f"{self.request.path}?{urlencode(kept)}" if kept else self.request.path)


class NoPageHandler(JupyterHandler):
    """An address without a page."""

    @authenticated
    async def get(self) -> None:
        """Respond with 404; the error page links to the sources."""
        raise HTTPError(404)


class AliveHandler(APIHandler):
    """Reports whether a page's process is alive."""

    @authenticated
    async def get(self, kernel_id: str) -> None:
        """Respond with ``{"alive": true}`` or false."""
        kernels = self.kernel_manager
        alive = kernel_id in kernels and await ensure_async(kernels.get_kernel(kernel_id).is_alive())
        self.finish({"alive": alive})


class ClosedHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the process of a page that was closed."""

    def check_xsrf_cookie(self) -> None:
        """Require no cookie: a page that is being closed cannot send it. Its origin is still checked."""

    _ending: ClassVar[set[str]] = set()

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """End the process once: a page may report twice that it is closed."""
        if kernel_id in self.kernel_manager and kernel_id not in self._ending:
            self._ending.add(kernel_id)
            try:
                await super().post(kernel_id)
            finally:
                self._ending.discard(kernel_id)
        else:
            self.set_status(204)
            self.finish()


class SandboxHandler(RequestHandler):
    """Serves calls of the pages' processes, which have the sandbox's token."""

    def initialize(self, calls: SandboxCalls) -> None:
        """Keep the calls that are allowed."""
        self._calls = calls

    async def post(self) -> None:
        """Run one call."""
        if not self._calls.accepts(self.request.headers.get("Authorization", "")):
            raise HTTPError(401)
        try:
            status, body = await IOLoop.current().run_in_executor(None, self._calls.answer, self.request.body)
        except (ValueError, TypeError) as error:
            raise HTTPError(400) from error
        self.set_status(status)
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(body)
