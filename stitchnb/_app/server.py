"""The page's server: Voilà on 127.0.0.1 with a token, one notebook and our own template."""

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

from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_template_paths

from stitchnb._app import handlers as answering
from stitchnb._app.processes import CHECK_INTERVAL_S, IDLE_S, OwnPython, PageProcesses
from stitchnb._app.rpc_server import SandboxCalls
from stitchnb.lab import HOST

_FILES = Path(__file__).resolve().parent.parent / "_jupyter" / "app"
_BASE_TEMPLATE = "lab"
_KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"

# Scripts come from the page itself; anywidget's arrive as data. No other host, and no frames.
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
# A socket's path has at most about 100 characters; its file names take 70.
_LONGEST_FOLDER = 30


def server_config(*, port: int, token: str, open_browser: bool) -> Config:
    """Build Voilà's settings: this machine only, token required, nothing a visitor or a file can change."""
    config = Config()
    config.Voila.ip = HOST
    config.Voila.port = port
    config.Voila.port_retries = 0
    config.Voila.token = token
    config.Voila.open_browser = open_browser
    config.Voila.notebook_path = str(_FILES / "page.ipynb")
    # Ignore any voila.json on the way: it could turn the token off.
    config.Voila.config_file_paths = []
    config.Voila.log_level = logging.ERROR
    config.Voila.tornado_settings = {
        # Without a same-origin referrer, browsers send no origin with a form, and the token form would be refused.
        "headers": {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"},
        # Refuse other host names that resolve to this machine.
        "allow_remote_access": False,
        # Addresses may contain a token.
        "log_function": lambda handler: None,
        # As long as the ping interval: Tornado allows no more, and warns each time.
        "ws_ping_timeout": 30_000,
    }
    config.VoilaConfiguration.template = _BASE_TEMPLATE
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = list(_EXTENSIONS)
    config.VoilaConfiguration.kernel_spec_manager_class = OwnPython
    config.VoilaConfiguration.multi_kernel_manager_class = PageProcesses
    if os.name == "posix" and len(tempfile.gettempdir()) <= _LONGEST_FOLDER:
        # Server and kernel talk through sockets that only their owner can open.
        config.KernelManager.transport = "ipc"
    config.MappingKernelManager.cull_idle_timeout = IDLE_S
    config.MappingKernelManager.cull_interval = CHECK_INTERVAL_S
    # A page reports that its process died. A restarted process would have lost everything.
    config.KernelRestarter.restart_limit = 0
    return config


class PageServer(Voila):  # type: ignore[misc]
    """Voilà with one page that shows an account.

    Parameters
    ----------
    calls
        Calls allowed on the app's sandbox; None for a live account.
    """

    def __init__(self, *, calls: SandboxCalls | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self._calls = calls

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the settings and install signal handlers."""
        super().initialize(argv)
        # The client sees why it was refused. This log would contain the address with the token.
        logging.getLogger("tornado.general").setLevel(logging.ERROR)
        self.ioloop = None
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._stop_by_signal)

    def setup_template_dirs(self) -> None:
        """Search our own templates first."""
        super().setup_template_dirs()
        own = str(_FILES / "templates")
        self.template_paths = [own, *collect_template_paths(["voila", "nbconvert"], _BASE_TEMPLATE, prune=True)]

    def init_settings(self) -> dict[str, Any]:
        """Use our own templates for Jupyter's pages, such as the one for a missing token."""
        settings: dict[str, Any] = super().init_settings()
        settings["jinja2_env"].loader.searchpath.insert(0, str(_FILES / "templates"))
        return settings

    def init_handlers(self) -> list[Any]:
        """Add our handlers before Voilà's; every other address is a 404."""
        *handlers, (_, _, settings) = super().init_handlers()
        own: list[Any] = [
            (r"/", answering.PageHandler, settings),
            (rf"/stitchnb/alive/{_KERNEL_ID}", answering.AliveHandler),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", answering.ClosedHandler),
            # No log-out: the token ends with the app.
            (r"/logout", answering.NoPageHandler),
            (r"/voila/files/.*", answering.NoPageHandler),
        ]
        if self._calls is not None:
            own.append((r"/stitchnb/sandbox", answering.SandboxHandler, {"calls": self._calls}))
        return [*own, *handlers, (r"/.*", answering.NoPageHandler)]

    def start(self) -> None:
        """Serve until stopped, then remove all temporary files."""
        try:
            super().start()
        finally:
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    def launch_browser(self) -> None:
        """Open the page through a file: on a command line, every user of this machine could read the token."""
        address = f"http://{HOST}:{self.port}/?{urlencode({'token': self.token})}"
        redirect = Path(self.connection_dir) / "open.html"
        redirect.touch(mode=0o600)
        redirect.write_text(f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={escape(address)}">', "utf-8")
        try:
            browser = webbrowser.get()
        except webbrowser.Error:
            # The address is printed anyway.
            return
        threading.Thread(target=lambda: browser.open(redirect.as_uri(), new=2), daemon=True).start()

    def _stop_by_signal(self, number: int, frame: types.FrameType | None) -> None:
        if self.ioloop is None:
            raise KeyboardInterrupt
        self.ioloop.add_callback_from_signal(self.ioloop.stop)
