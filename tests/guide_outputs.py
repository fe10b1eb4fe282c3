"""Compare what a notebook's cells output with what was committed, cell by cell, as ``pytest --nbval`` does.

nbval itself compares, strictly. What the cells output comes from a run in JupyterLab or from a kernel of nbval's own.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nbformat import NotebookNode
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError

_REQUEST = "replayed"
_SETTINGS = Path(__file__).resolve().parent.parent / "pyproject.toml"


class _Replay:
    """Plays back what a cell has output, to nbval, in place of a kernel that runs the cell."""

    def __init__(self, outputs: Sequence[Mapping[str, Any]]) -> None:
        messages = [(output["output_type"], output) for output in outputs]
        self._messages = iter([*messages, ("status", {"execution_state": "idle"})])

    def is_alive(self) -> bool:
        return True

    def execute_cell_input(self, _source: str, *, allow_stdin: bool) -> str:
        return _REQUEST

    def await_reply(self, _request: str, *, timeout: float) -> None:
        pass

    def await_idle(self, _request: str, _timeout: float) -> None:
        pass

    def get_message(self, _stream: str, *, timeout: float) -> dict[str, Any]:
        kind, content = next(self._messages)
        return {"msg_type": kind, "content": NotebookNode(content), "parent_header": {"msg_id": _REQUEST}}


def differences(path: Path, cells: Sequence[Mapping[str, Any]], session: pytest.Session) -> list[str]:
    """Report the code cells of a notebook whose outputs in a run are not those of the file, as nbval reports them.

    Parameters
    ----------
    path
        The notebook with the expected outputs.
    cells
        All its cells as they are after the run, with the keys of `Run.cells`.
    """
    expected = _cells_of(path, session)
    ran = [cell for cell in cells if cell["type"] == "code"]
    sources = [cell["source"] for cell in ran]
    assert sources == [one.cell.source for one in expected], "the run is not that of this notebook"
    return list(_differences(expected, ran))


def _differences(expected: Sequence[IPyNbCell], ran: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one, cell in zip(expected, ran, strict=True):
        if cell["count"] is None:
            yield f"Cell {one.cell_num} was not run:\n\n{one.cell.source}\n"
            continue
        one.parent.kernel = _Replay(cell["outputs"])
        yield from _reports(one)


def differences_by_nbval(path: Path) -> list[str]:
    """Run a notebook without a browser, as ``pytest --nbval`` does, and return its report if any cell differs."""
    options = ["--nbval", "--nbval-current-env", "-o", "addopts=", "-c", str(_SETTINGS), "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    ended = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    return [ended.stdout + ended.stderr] if ended.returncode else []


def _cells_of(path: Path, session: pytest.Session) -> list[IPyNbCell]:
    file = IPyNbFile.from_parent(session, path=path)
    file.compare_outputs = True
    file.setup_sanitize_files()
    return list(file.collect())


def _reports(cell: IPyNbCell) -> Iterator[str]:
    try:
        cell.runtest()
    except NbCellError as error:
        yield cell.repr_failure(SimpleNamespace(value=error))
    except pytest.skip.Exception:
        yield f"Cell {cell.cell_num} is marked to be skipped:\n\n{cell.cell.source}\n"
