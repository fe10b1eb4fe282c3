"""Keep this version's guides as those of the last release: ``uv run python tests/notebooks/keep_release.py``.

Run when a version is released, after its number and the changelog are set. They are kept without their outputs, which
may change; that they run may not.
"""

import shutil
from pathlib import Path

import nbformat

from stitchnb import __version__

HERE = Path(__file__).resolve().parent
RELEASED = HERE / "released"


def keep(guides: Path, version: str, released: Path = RELEASED) -> Path:
    """Put copies of guides into a folder named after their version, in place of those of the version before."""
    shutil.rmtree(released, ignore_errors=True)
    folder = released / version
    folder.mkdir(parents=True)
    for path in sorted(guides.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.update(outputs=[], execution_count=None)
            cell.metadata.pop("execution", None)
        nbformat.write(notebook, folder / path.name)
    return folder


if __name__ == "__main__":
    print(f"kept in {keep(HERE.parent.parent / 'notebooks', __version__).relative_to(Path.cwd())}")
