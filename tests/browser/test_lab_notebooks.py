"""Every guide in JupyterLab as a reader sees it: it runs, nothing fails, nothing leaves the machine."""

from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import expect_guide_accessible
from lab_page import NotebookPage
from lab_server import LabServer, accepts_connections, listening_ports

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))

OpenNotebook = Callable[..., NotebookPage]

every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS, "notebooks/ holds no .ipynb file"


@every_notebook
def test_a_guide_runs_in_jupyterlab_looks_right_in_both_themes_and_leaves_nothing(
    notebook: Path, open_notebook: OpenNotebook, lab: LabServer
) -> None:
    page = open_notebook(notebook, own_kernel=True)
    run = page.run_all()
    assert [str(error) for error in run.errors] == []

    for theme in ("light", "dark"):
        page.set_theme(theme)
        page.screenshot(f"{notebook.stem}-{theme}-1280", whole=True)
        with page.whole_in_view():
            expect_guide_accessible(page.page)
    page.set_theme("light")
    page.set_width(800)
    page.screenshot(f"{notebook.stem}-light-800", whole=True)
    assert page.sideways_overflow() == [], "at 800 px nothing scrolls sideways"

    assert page.foreign_requests == []
    assert page.page_errors == []
    assert page.console_errors == []

    ports = listening_ports(lab.descendants())
    assert ports, "a running kernel listens"
    page.shut_down_kernel()
    assert lab.descendants() == []
    assert not any(accepts_connections(port) for port in ports)
