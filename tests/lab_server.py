"""JupyterLab as one child process of the tests, with everything it reads and writes in a folder of its own."""

import http.client
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import psutil

PROJECT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """Find a port on 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def accepts_connections(port: int) -> bool:
    """Tell whether somebody listens on a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_up(port: int, is_running: Callable[[], bool], timeout_s: float = 60) -> bool:
    """Wait until somebody listens on a port; False when what should listen ended, or took too long."""
    deadline = time.monotonic() + timeout_s
    while not accepts_connections(port):
        if not is_running() or time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def listening_ports(processes: list[psutil.Process]) -> set[int]:
    """List the TCP ports on which any of these processes listens."""
    ports = set()
    for process in processes:
        try:
            ports |= {c.laddr.port for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        except psutil.NoSuchProcess:
            continue
    return ports


def wait_until_gone(processes: list[psutil.Process], timeout_s: float = 30) -> None:
    """Wait for processes to end; raise RuntimeError, naming them, when some do not."""
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    if alive:
        raise RuntimeError(f"still running after {timeout_s} s: {alive}")


class LabServer:
    """A JupyterLab to be used in a ``with`` block.

    Parameters
    ----------
    home
        A folder that is not there yet; all that the server reads and writes of its own is below it.
    environment
        Variables to set on top of those of this process.
    python, application
        The interpreter, and the module of Jupyter's that it runs as a server.

    Attributes
    ----------
    url, port, token
        Where it listens, and the token without which it answers nothing.
    root
        The folder that its file browser shows.
    process
        Its process; the kernels are below it.
    log
        The file that holds what it printed.
    """

    def __init__(
        self,
        home: Path,
        environment: Mapping[str, str],
        *,
        python: str | Path = sys.executable,
        application: str = "jupyterlab",
    ) -> None:
        self.root = home / "root"
        self.root.mkdir(parents=True)
        self.log = home / "lab.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self._home = home
        self._program = (str(python), "-m", application)
        self._environment = {
            **os.environ,
            **environment,
            "JUPYTER_TOKEN": self.token,
            # The defaults that `stitchnb lab` gives: no question about news in a corner of every picture.
            "JUPYTER_CONFIG_PATH": str(PROJECT / "stitchnb" / "_jupyter"),
            "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        }

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self.process = psutil.Popen(
                [*self._program, *self._arguments()],
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            if not wait_until_up(self.port, lambda: self.process.poll() is None, timeout_s=300):
                raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text(errors='replace')}")
            self.ask("GET", "/api/status")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _arguments(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.expose_app_in_browser=True",
            # Whether Lab could be built anew is asked of Node at every opening of a page, and costs more than the page.
            "--ServerApp.tornado_settings={'page_config_data': {'buildCheck': False, 'buildAvailable': False}}",
            # Should the tests be killed, the server and its kernels end by themselves.
            "--MappingKernelManager.cull_idle_timeout=900",
            "--MappingKernelManager.cull_connected=True",
            "--ServerApp.shutdown_no_activity_timeout=900",
        ]

    def ask(self, method: str, path: str) -> Any:
        """Send one request to Jupyter's own API and give back the JSON it answers, None for an empty answer."""
        response, body = self._exchange(method, path)
        if response.status >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {body[:500]!r}")
        return json.loads(body) if body else None

    def location(self, path: str) -> str | None:
        """Tell where a path redirects to, None when it does not."""
        return self._exchange("GET", path)[0].getheader("Location")

    def _exchange(self, method: str, path: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, headers={"Authorization": f"token {self.token}"})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def kernels(self) -> list[dict[str, Any]]:
        """List the running kernels as Jupyter's API tells them."""
        return self.ask("GET", "/api/kernels")

    def shut_down_kernels(self) -> None:
        """Shut down all kernels the way Lab does, and wait until their processes are gone."""
        processes = self.descendants()
        for kernel in self.kernels():
            self.ask("DELETE", f"/api/kernels/{kernel['id']}")
        wait_until_gone(processes)

    def descendants(self) -> list[psutil.Process]:
        """List the server's children and theirs: the kernels, and whatever these started."""
        try:
            return self.process.children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """End the server and everything below it."""
        below = self.descendants()
        if self.process.poll() is None:
            self.process.terminate()
            psutil.wait_procs([self.process], timeout=20)
        _, survivors = psutil.wait_procs([self.process, *below], timeout=10)
        for process in survivors:
            process.kill()
        wait_until_gone(survivors)
        self.process.wait()
