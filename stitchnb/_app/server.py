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

from traitlets.config import Config
from voila.app import Voila
from voila.paths import collect_template_paths

from stitchnb._app import handlers as answering
from stitchnb._app.processes import IDLE_S, LOOK_S, OwnPython, PageProcesses
from stitchnb._app.rpc_server import SandboxCalls
from stitchnb.lab import HOST

_FILES = Path(__file__).resolve().parent.parent / "_jupyter" / "app"
_BASE_TEMPLATE = "lab"
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
    config.VoilaConfiguration.multi_kernel_manager_class = PageProcesses
    if os.name == "posix" and len(tempfile.gettempdir()) <= _LONGEST_FOLDER:
        # What server and process say to each other goes through files that are their owner's alone.
        config.KernelManager.transport = "ipc"
    config.MappingKernelManager.cull_idle_timeout = IDLE_S
    config.MappingKernelManager.cull_interval = LOOK_S
    # A page whose process died is told so; started anew, it would be there and know nothing.
    config.KernelRestarter.restart_limit = 0
    return config


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
        """Put the page itself, whether it lives, and the sandbox before Voilà's own; every other address is none."""
        *handlers, (_, _, settings) = super().init_handlers()
        own: list[Any] = [
            (r"/", answering.PageHandler, settings),
            (rf"/stitchnb/alive/{_KERNEL_ID}", answering.AliveHandler),
            (rf"/voila/api/shutdown/{_KERNEL_ID}", answering.ClosedHandler),
            # There is nothing to log out from: the token ends with the app.
            (r"/logout", answering.NoPageHandler),
            (r"/voila/files/.*", answering.NoPageHandler),
        ]
        if self._calls is not None:
            own.append((r"/stitchnb/sandbox", answering.SandboxHandler, {"calls": self._calls}))
        return [*own, *handlers, (r"/.*", answering.NoPageHandler)]

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
