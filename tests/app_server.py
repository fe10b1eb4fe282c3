"""`stitchnb app` as one child process of the tests."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import psutil
from lab_server import wait_until_up

from stitchnb._app.account import SANDBOX


class App:
    """A running app, and a browser's cookies for it."""

    def __init__(self, process: psutil.Popen, printed: str, temporary: Path) -> None:
        self.process = process
        self.temporary = temporary
        self.printed = printed
        self.address = re.search(r"^    (http://\S+)$", printed, re.MULTILINE)[1]
        self.url, self.token = re.fullmatch(r"(http://127\.0\.0\.1:\d+)/\?token=(\w{48})", self.address).groups()
        self.port = int(self.url.rpartition(":")[2])
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, address: str, data: bytes | None = None, **headers: str) -> tuple[int, str, str]:
        """Give status, the address that it ended at, and the page."""
        request = urllib.request.Request(address, data=data, headers=headers)
        try:
            with self._opener.open(request, timeout=120) as response:
                return response.status, response.url, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.url, error.read().decode()

    def sandbox(self) -> dict[str, Any]:
        """What a page that is open knows of the sandbox: url, token, client_id, calls_url and note."""
        told: dict[str, Any] = json.loads(self.pages()[0].environ()[SANDBOX])
        return told

    def pages(self) -> list[psutil.Process]:
        """The processes of the pages that are open."""
        return self.process.children(recursive=True)


@contextmanager
def running(home: Path, *arguments: str, environment: Mapping[str, str] = {}) -> Iterator[App]:
    """Run the installed command as a process of its own, and end it whatever happens."""
    # Beside the other temporary files: the paths of sockets must be short.
    temporary = Path(tempfile.mkdtemp(prefix="app-"))
    process = psutil.Popen(
        [Path(sys.executable).with_name("stitchnb"), "app", "--no-browser", "--port", "0", *arguments],
        cwd=home,
        env={**os.environ, "TMPDIR": str(temporary), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "Ctrl-C" in line:
                break
        assert lines[-1:] == ["Stop it with Ctrl-C.\n"], "".join(lines)
        app = App(process, "".join(lines), temporary)
        assert wait_until_up(app.port, lambda: process.poll() is None)
        yield app
    finally:
        with suppress(psutil.NoSuchProcess):
            for one in [*process.children(recursive=True), process]:
                one.kill()
        process.stdout.close()
        process.wait()
        shutil.rmtree(temporary)
