"""How quickly things start, each beside what it is compared with."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from measuring import median_of_each

pytestmark = pytest.mark.benchmark


def cpu_s(code: str) -> Callable[[], float]:
    """Give what measures the CPU seconds of a fresh interpreter that runs `code`."""

    def measure() -> float:
        before = os.times()
        subprocess.run([sys.executable, "-c", code], check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    return measure


def test_importing_stitchnb_costs_no_more_than_importing_httpx(report: Callable[[str], None]) -> None:
    bare, httpx, stitchnb, client = median_of_each(
        cpu_s("pass"),
        cpu_s("import httpx"),
        cpu_s("import stitchnb"),
        cpu_s("import stitchnb; stitchnb.Client"),
        rounds=11,
    )

    ratio, with_client = stitchnb / httpx, client / httpx
    report(
        f"import stitchnb {stitchnb:.3f} s CPU, with Client {client:.3f} s, import httpx {httpx:.3f} s, "
        f"bare interpreter {bare:.3f} s: ratios {ratio:.2f} and {with_client:.2f}"
    )
    assert ratio <= 1.3


def test_a_form_from_nothing_costs_little_more_than_its_libraries(report: Callable[[str], None]) -> None:
    # Those that it loads: with what it leaves for later, such as pandas, the floor would be too high.
    libraries = "import anywidget, cryptography.fernet, httpx, starlette.applications, uvicorn"
    form = (
        "import stitchnb\n"
        "client = stitchnb.connect(quiet=True)\n"
        "form = stitchnb.SourceForm(client, 'platform.recurly')\n"
        "form._repr_mimebundle_()\n"
    )

    floor, ours = median_of_each(cpu_s(libraries), cpu_s(form), rounds=5)

    report(
        f"sandbox and form from nothing {ours:.2f} s CPU, its libraries alone {floor:.2f} s: ratio {ours / floor:.2f}"
    )
    assert ours / floor <= 2


def test_a_sandbox_starts_like_a_bare_server(report: Callable[[str], None]) -> None:
    bare = (
        "import socket, threading, time, uvicorn\n"
        "from starlette.applications import Starlette\n"
        "s = socket.socket(); s.bind(('127.0.0.1', 0))\n"
        "server = uvicorn.Server(uvicorn.Config(Starlette(), log_config=None))\n"
        "t = threading.Thread(target=server.run, kwargs={'sockets': [s]}); t.start()\n"
        "while not server.started: time.sleep(0.005)\n"
        "server.should_exit = True; t.join(); s.close()\n"
    )
    sandbox = "from stitchnb.sandbox import Sandbox\nwith Sandbox(): pass\n"

    floor, ours = median_of_each(cpu_s(bare), cpu_s(sandbox), rounds=5)

    report(f"sandbox up and down {ours:.2f} s CPU, a bare Starlette server {floor:.2f} s: ratio {ours / floor:.2f}")
    assert ours / floor <= 2
