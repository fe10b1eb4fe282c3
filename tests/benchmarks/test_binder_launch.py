"""What stitchnb adds to a launch, from the start of JupyterLab to a form that a reader can fill in."""

import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from lab_server import LabServer
from measuring import median_of_each
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.benchmark


def test_the_first_guide_is_there_about_as_soon_as_any_notebook_with_widgets(
    report: Callable[[str], None],
    tmp_path: Path,
    project_root: Path,
    isolated_environment: Callable[[Path], dict[str, str]],
) -> None:
    guide = nbformat.read(project_root / "notebooks" / "00-start-here.ipynb", as_version=4)
    to_the_form = [cell for cell in guide.cells if cell.cell_type == "code"][:2]
    bare = [new_code_cell("import httpx, pandas, ipywidgets\nipywidgets.Text()")]

    def launch_s(cells: list[nbformat.NotebookNode]) -> Callable[[], float]:
        def measure() -> float:
            home = tmp_path / str(time.monotonic_ns())
            begun = time.perf_counter()
            with LabServer(home / "lab", isolated_environment(home / "jupyter")) as lab:
                lab.ask("GET", "/api/status")
                NotebookClient(new_notebook(cells=cells), timeout=300).execute()
                return time.perf_counter() - begun

        return measure

    floor_s, ours_s = median_of_each(launch_s(bare), launch_s(to_the_form), rounds=3)

    report(f"from launch to form {ours_s:.1f} s, to a bare widget {floor_s:.1f} s: ratio {ours_s / floor_s:.2f}")
    assert ours_s / floor_s <= 1.5
