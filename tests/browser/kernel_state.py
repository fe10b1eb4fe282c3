"""What a kernel that several tests share is before and after each of them; runs in the kernel."""

import gc
import json
import os
import sys
import threading
import time
from pathlib import Path

import psutil
from IPython import get_ipython
from ipywidgets import Widget

PATIENCE_S = 20

TESTS = Path(__file__).resolve().parent.parent

_environment = dict(os.environ)
# What tests import from here, in the kernel as in the tests themselves.
_path = [*(str(TESTS / name) for name in ("browser", "widgets", ".")), *sys.path[1:]]
_at_first: set[str] = set()


def begin(folder: str) -> None:
    """Work in the folder of the notebook, as a kernel does that Lab started for it."""
    os.chdir(folder)
    sys.path[:] = _path
    if not _at_first:
        _at_first.update(_what_goes_on())


def clear() -> None:
    """Take away widgets, variables and settings; print, as JSON, what goes on even then."""
    if "gates" in sys.modules:
        sys.modules["gates"].Gate.open_all()
    Widget.close_all()
    get_ipython().reset(new_session=True)
    for name in ("last_exc", "last_type", "last_value", "last_traceback"):
        sys.__dict__.pop(name, None)
    os.environ.clear()
    os.environ.update(_environment)
    gc.collect()
    deadline = time.monotonic() + PATIENCE_S
    while (left := _what_goes_on() - _at_first) and time.monotonic() < deadline:
        time.sleep(0.02)
        # What a message was still being handled for is only now free.
        gc.collect()
    print(json.dumps(sorted(left)))


def _what_goes_on() -> set[str]:
    me = psutil.Process()
    # ZeroMQ starts a thread of its own for the first large message, and keeps it.
    threads = {f"thread {one.name}" for one in threading.enumerate() if not type(one).__module__.startswith("zmq.")}
    processes = {f"process {one.name()} {one.pid}" for one in me.children(recursive=True)}
    ports = {f"port {one.laddr.port}" for one in me.net_connections("tcp") if one.status == psutil.CONN_LISTEN}
    return threads | processes | ports
