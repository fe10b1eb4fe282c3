"""The server of the page: Voilà on this machine alone, with a token, one notebook and a template of our own."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import tempfile
import threading
import types
import webbrowser
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler, authenticated
from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_template_paths
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

from stitchnb._app.sandbox_calls import SandboxCalls
from stitchnb._lab import HOST

_FILES = Path(__file__).resolve().parent.parent / "_jupyter" / "app"
_BASE_TEMPLATE = "lab"
_KERNEL = "python3"
_KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

# The scripts of the page are its own; anywidget's come to it as data. Nothing else is asked for, and nobody frames it.
_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_EXTENSIONS = ("@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget")
# A page that was closed tells so; one whose browser was killed does not.
_IDLE_S = 600
# The path of a socket has at most 100 characters or so, of which its own names take 70.
_LONGEST_FOLDER = 30


def server_config(*, port: int, token: str, open_browser: bool) -> Config:
    """Write Voilà's settings: this machine only, token on, nothing that a visitor or a file could change."""
    config = Config()
    config.Voila.ip = HOST
    config.Voila.port = port
    config.Voila.port_retries = 0
    config.Voila.token = token
    config.Voila.open_browser = open_browser
    config.Voila.notebook_path = str(_FILES / "page.ipynb")
    # A voila.json that lies about is not ours: it could take the token away.
    config.Voila.config_file_paths = []
    config.Voila.log_level = logging.ERROR
    config.Voila.tornado_settings = {
        # Without a referrer to itself a browser names no origin with a form, and the token's would be refused.
        "headers": {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"},
        # Another name that leads here is somebody else's page.
        "allow_remote_access": False,
        # Addresses may hold a token.
        "log_function": lambda handler: None,
        # As long as the time between two of them: Tornado takes no more, and says so each time.
        "ws_ping_timeout": 30_000,
    }
    config.VoilaConfiguration.template = _BASE_TEMPLATE
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = list(_EXTENSIONS)
    config.VoilaConfiguration.kernel_spec_manager_class = OwnPython
    if os.name == "posix" and len(tempfile.gettempdir()) <= _LONGEST_FOLDER:
        # What server and process say to each other goes through files that are their owner's alone.
        config.KernelManager.transport = "ipc"
    config.MappingKernelManager.cull_idle_timeout = _IDLE_S
    config.MappingKernelManager.cull_interval = 60
    # A page whose process died is told so; started anew, it would be there and know nothing.
    config.KernelRestarter.restart_limit = 0
    return config


class OwnPython(KernelSpecManager):
    """Offers the Python that the app runs in, whatever kernels are installed besides."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the one kernel there is."""
        from ipykernel.kernelspec import get_kernel_dict

        return KernelSpec(resource_dir="", **get_kernel_dict())

    def get_all_specs(self) -> dict[str, Any]:
        """Give the one kernel there is, by its name."""
        return {_KERNEL: {"resource_dir": "", "spec": self.get_kernel_spec(_KERNEL).to_dict()}}


class PageServer(Voila):  # type: ignore[misc]
    """Voilà with one page, which shows an account.

    Parameters
    ----------
    calls
        What the pages may ask of the app's sandbox; None of a real account.
    """

    def __init__(self, *, calls: SandboxCalls | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self._calls = calls

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the settings, and take over the signals."""
        super().initialize(argv)
        # What was refused is said to who asked; here it would be said with the address.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        self.ioloop = None
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._stop_by_signal)

    def setup_template_dirs(self) -> None:
        """Look for templates here first."""
        super().setup_template_dirs()
        own = str(_FILES / "templates")
        self.template_paths = [own, *collect_template_paths(["voila", "nbconvert"], _BASE_TEMPLATE, prune=True)]

    def init_settings(self) -> dict[str, Any]:
        """Give the pages of Jupyter's server, such as that for a missing token, words of our own."""
        settings: dict[str, Any] = super().init_settings()
        settings["jinja2_env"].loader.searchpath.insert(0, str(_FILES / "templates"))
        return settings

    def init_handlers(self) -> list[Any]:
        """Put the page itself, whether it lives, and the sandbox before Voilà's own."""
        handlers = super().init_handlers()
        *_, settings = handlers[-1]
        own: list[Any] = [
            (r"/", PageHandler, settings),
            (rf"/stitchnb/alive/{_KERNEL_ID}", AliveHandler),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", ClosedHandler),
        ]
        if self._calls is not None:
            own.append((r"/stitchnb/sandbox", SandboxHandler, {"calls": self._calls}))
        return [*own, *handlers]

    def start(self) -> None:
        """Serve until it is stopped, and leave nothing behind, however it ends."""
        try:
            super().start()
        finally:
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    def launch_browser(self) -> None:
        """Open the page by way of a file: an address on a command line would show its token to everybody here."""
        address = f"http://{HOST}:{self.port}/?{urlencode({'token': self.token})}"
        door = Path(self.connection_dir) / "open.html"
        door.touch(mode=0o600)
        door.write_text(f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={escape(address)}">', "utf-8")
        try:
            browser = webbrowser.get()
        except webbrowser.Error:
            # The address is printed.
            return
        threading.Thread(target=lambda: browser.open(door.as_uri(), new=2), daemon=True).start()

    def _stop_by_signal(self, number: int, frame: types.FrameType | None) -> None:
        if self.ioloop is None:
            raise KeyboardInterrupt
        self.ioloop.add_callback_from_signal(self.ioloop.stop)


class PageHandler(TornadoVoilaHandler):  # type: ignore[misc]
    """The page. A token is taken from the address at once: what is shown, kept and copied holds none."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Serve the page, with a process of its own."""
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


class AliveHandler(APIHandler):
    """Tells a page whether its process lives."""

    @authenticated
    async def get(self, kernel_id: str) -> None:
        """Answer with ``{"alive": true}`` or false."""
        kernels = self.kernel_manager
        alive = kernel_id in kernels and await ensure_async(kernels.get_kernel(kernel_id).is_alive())
        self.finish({"alive": alive})


class ClosedHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Hears that a page was closed, and ends its process."""

    def check_xsrf_cookie(self) -> None:
        """Ask for no such cookie: a page that is being closed cannot send it. Its origin is checked all the same."""

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """End the process, unless it has ended before."""
        if kernel_id in self.kernel_manager:
            await super().post(kernel_id)
        else:
            self.set_status(204)
            self.finish()


class SandboxHandler(RequestHandler):
    """Answers the pages' processes, which have the sandbox's token."""

    def initialize(self, calls: SandboxCalls) -> None:
        """Take what may be asked."""
        self._calls = calls

    async def post(self) -> None:
        """Carry out one call."""
        if not self._calls.accepts(self.request.headers.get("Authorization", "")):
            raise HTTPError(401)
        try:
            status, body = await IOLoop.current().run_in_executor(None, self._calls.answer, self.request.body)
        except (ValueError, TypeError) as error:
            raise HTTPError(400) from error
        self.set_status(status)
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(body)
