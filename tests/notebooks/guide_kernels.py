"""Run notebooks one after another, each in a process forked from one that has imported everything.

A fresh kernel spends most of its time on imports. Here one process imports what the guides use, once, and forks for
each notebook, so no notebook sees what another one changed. The fork runs IPython's kernel, magics and widgets
included, without sockets.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import output_from_msg

# What the guides use besides the names of stitchnb, which are loaded as well.
PRELOADED = (
    "ipykernel.inprocess.manager",
    "ipywidgets",
    "matplotlib.pyplot",
    "pandas",
    "stitchnb.magics",
    "stitchnb.plots",
    "stitchnb.sandbox",
)
OUTPUT_TYPES = ("execute_result", "display_data", "stream", "error")


class GuideError(Exception):
    """A cell failed without the tag ``raises-exception``."""


class GuideKernels:
    """A process that runs notebooks, to be used in a ``with`` block."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_exception: object) -> None:
        self._process.communicate()

    def run(self, path: Path) -> NotebookNode:
        """Run every cell of a notebook in its folder, with this process's environment, and return it with its outputs.

        Raises
        ------
        GuideError
            A cell failed without the tag ``raises-exception``.
        """
        assert self._process.stdin
        assert self._process.stdout
        environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        print(json.dumps([str(path), environment]), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise GuideError(answer["error"])
        return nbformat.from_dict(answer["notebook"])


def _run(path: Path) -> NotebookNode:
    from ipykernel.inprocess.manager import InProcessKernelManager

    notebook = nbformat.read(path, as_version=4)
    manager = InProcessKernelManager()
    manager.start_kernel()
    client: Any = manager.client()
    client.start_channels()
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            _run_cell(manager.kernel, client, index, cell)
    return notebook


def _run_cell(kernel: Any, client: Any, index: int, cell: NotebookNode) -> None:
    client.execute(cell.source)
    reply = client.get_shell_msg()["content"]
    kernel.stdout.flush()
    kernel.stderr.flush()
    cell.execution_count = reply["execution_count"]
    cell.outputs = [
        output_from_msg(message) for message in client.iopub_channel.get_msgs() if message["msg_type"] in OUTPUT_TYPES
    ]
    if reply["status"] != "ok" and "raises-exception" not in cell.metadata.get("tags", []):
        raise GuideError("\n".join([f"cell {index} failed:", cell.source, *reply["traceback"]]))


def _answer(path: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(path.parent)
    try:
        return {"notebook": _run(path)}
    except GuideError as error:
        return {"error": str(error)}
    except BaseException:  # noqa: BLE001
        return {"error": traceback.format_exc()}


def _serve() -> None:
    import loopback

    import stitchnb

    for name in PRELOADED:
        import_module(name)
    for name in stitchnb.__all__:
        getattr(stitchnb, name)
    loopback.install()
    # The answers have a pipe of their own: a notebook can write to this process's standard output, too.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        path, environment = json.loads(line)
        kernel = os.fork()
        if not kernel:
            print(json.dumps(_answer(Path(path), environment)), file=answers, flush=True)
            os._exit(0)
        _, status = os.waitpid(kernel, 0)
        if status:
            print(json.dumps({"error": f"the kernel ended with status {status}"}), file=answers, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    _serve()
