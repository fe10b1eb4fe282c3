"""A sandbox in a process of its own, to be killed; run as a script, it is that process."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

TOKEN = "of-the-child"


class ChildSandbox:
    """A sandbox on a state file, in a child process."""

    def __init__(self, path: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"the sandbox did not come up again; it ended with {self._process.wait()}"
        self.api = httpx.Client(base_url=json.loads(line), headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would, and see that it is gone."""
        self._process.kill()
        self._process.communicate()
        self.api.close()

    def kill_after(self, seconds: float) -> threading.Timer:
        """End it in a moment, whatever it is doing then."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.start()
        return timer

    def wait_idle(self) -> None:
        """Wait until it says that nothing is under way."""
        pause = threading.Event()
        while self.api.get("/_sandbox").raise_for_status().json()["running"]:
            pause.wait(0.01)

    def get(self, path: str) -> Any:
        return self.api.get(path).raise_for_status().json()


def main(path: Path) -> None:
    from stitchnb.sandbox import Sandbox

    with Sandbox(path, pace_s=0.02, token=TOKEN) as sandbox:
        print(json.dumps(sandbox.url), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
