"""Run guides anew and keep their outputs: ``uv run python tests/notebooks/rerun.py [notebook …]``, all without names.

They run as their tests run them: no account, no settings of one's own, and nothing of one machine or one run is kept.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent.parent / "notebooks"


def rerun(path: Path) -> None:
    """Run one notebook from a fresh kernel and write its outputs into it.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed without the tag ``raises-exception``; the file stays as it was.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    client = NotebookClient(notebook, timeout=600, record_timing=False, store_widget_state=False)
    client.execute(cwd=str(path.parent))
    notebook.metadata.pop("widgets", None)
    # The version of Python is this machine's, and no reader needs it.
    notebook.metadata.get("language_info", {}).pop("version", None)
    nbformat.write(notebook, path)


def main(names: Sequence[str]) -> None:
    """Run the named notebooks, or all."""
    for name in [name for name in os.environ if name.startswith(("STITCH_", "STITCHNB_"))]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(STITCH_ENV_FILE="", IPYTHONDIR=home)
        for path in [Path(name) for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
            rerun(path)
            print(f"{path.name}: run, outputs kept")


if __name__ == "__main__":
    main(sys.argv[1:])
