"""Every guide in JupyterLab as a reader sees it: it outputs what it shows, and nothing leaves the machine.

Without a Chromium the guides are run by nbval alone.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import nbformat
import pytest
from accessibility import expect_guide_accessible
from guide_outputs import differences, differences_by_nbval
from lab_page import NotebookPage, find_chromium
from lab_server import accepts_connections, listening_ports
from nbformat.v4 import new_code_cell, new_notebook, new_output

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))

OpenNotebook = Callable[..., NotebookPage]

every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS, "notebooks/ holds no .ipynb file"


@every_notebook
def test_a_guide_outputs_what_it_shows_looks_right_in_both_themes_and_leaves_nothing(
    notebook: Path, request: pytest.FixtureRequest, original_environment: Mapping[str, str], in_ci: bool
) -> None:
    if find_chromium(original_environment) is None and not in_ci:
        fail_with(differences_by_nbval(notebook))
        pytest.skip("the guides output what they show, but nobody saw them in JupyterLab: there is no Chromium")

    lab, open_notebook = request.getfixturevalue("lab"), request.getfixturevalue("open_notebook")
    page = open_notebook(notebook, own_kernel=True)
    faults = differences(notebook, page.run_all().cells, request.session)

    for theme in ("light", "dark"):
        page.set_theme(theme)
        page.screenshot(f"{notebook.stem}-{theme}-1280", whole=True)
        with page.whole_in_view():
            faults += inaccessible(page, theme)
    page.set_theme("light")
    page.set_width(800)
    page.screenshot(f"{notebook.stem}-light-800", whole=True)
    faults += [f"scrolls sideways at 800 px: {element}" for element in page.sideways_overflow()]
    fail_with(faults)

    assert page.foreign_requests == []
    assert page.page_errors == []
    assert page.console_errors == []

    ports = listening_ports(lab.descendants())
    assert ports, "a running kernel listens"
    page.shut_down_kernel()
    assert lab.descendants() == []
    assert not any(accepts_connections(port) for port in ports)


def inaccessible(page: NotebookPage, theme: str) -> list[str]:
    """What axe-core finds in the open guide, with the theme in front; nothing when it finds nothing."""
    try:
        expect_guide_accessible(page.page)
    except AssertionError as found:
        return [f"{theme}: {found}"]
    return []


def fail_with(faults: list[str]) -> None:
    """Fail a test with all that is wrong, if anything is."""
    if faults:
        pytest.fail("\n\n".join(faults), pytrace=False)


def test_a_guide_that_outputs_something_else_in_jupyterlab_is_reported(
    open_notebook: OpenNotebook, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path = tmp_path / "guide.ipynb"
    text, value = new_output("stream", text="one\n"), new_output("execute_result", {"text/plain": "3"})
    cells = [
        new_code_cell("print('one')", execution_count=1, outputs=[text]),
        new_code_cell("2 + 2", execution_count=2, outputs=[value]),
        new_code_cell("{}['a']", execution_count=3),
        new_code_cell("5", execution_count=4),
    ]
    nbformat.write(new_notebook(cells=cells), path)

    other, failed, not_run = differences(path, open_notebook(path).run_all().cells, request.session)

    assert "Cell 1" in other
    assert "mismatch 'text/plain'" in other
    assert "Cell 2" in failed
    assert "KeyError" in failed
    assert not_run.startswith("Cell 3 was not run")
