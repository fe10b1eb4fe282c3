"""Kernels that share their imports run notebooks as fresh ones do."""

from pathlib import Path

import pytest
from guide_kernels import GuideError, GuideKernels
from nbformat import NotebookNode, write
from nbformat.v4 import new_code_cell, new_notebook


@pytest.fixture
def run(guide_kernels: GuideKernels, tmp_path: Path):
    def run(*sources: str, tags: list[str] | None = None) -> NotebookNode:
        path = tmp_path / "notebook.ipynb"
        cells = [new_code_cell(source, metadata={"tags": tags or []}) for source in sources]
        write(new_notebook(cells=cells), path)
        return guide_kernels.run(path)

    return run


def test_every_kind_of_output_is_returned(run) -> None:
    source = "import sys\nprint('a')\nprint('b', file=sys.stderr)\ndisplay('c')\n'd'"
    [cell] = run(source).cells
    assert cell.execution_count == 1
    assert sorted(output.get("text") or output.data["text/plain"] for output in cell.outputs) == [
        "'c'",
        "'d'",
        "a\n",
        "b\n",
    ]


def test_a_widget_has_a_view_and_a_magic_runs(run) -> None:
    widget, magic = run("import ipywidgets\nipywidgets.Text()", "%pwd").cells
    assert "application/vnd.jupyter.widget-view+json" in widget.outputs[0].data
    assert str(Path.cwd()) not in magic.outputs[0].data["text/plain"], "it runs in the notebook's folder"


def test_no_notebook_sees_what_another_one_changed(run) -> None:
    run("import pandas\npandas.options.display.max_rows = 3\nname = 1\nimport os\nos.environ['OF_ANOTHER'] = '1'")
    [cell] = run(
        "import os, pandas\n'name' in globals(), pandas.options.display.max_rows, 'OF_ANOTHER' in os.environ"
    ).cells
    assert cell.outputs[0].data["text/plain"] == "(False, 60, False)"


def test_the_environment_is_that_of_the_test(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OF_THIS_TEST", "yes")
    [cell] = run("import os\nos.environ['OF_THIS_TEST']").cells
    assert cell.outputs[0].data["text/plain"] == "'yes'"


def test_a_cell_that_fails_is_named(run) -> None:
    with pytest.raises(GuideError, match=r"(?s)cell 1 failed:\n1 / 0.*ZeroDivisionError"):
        run("1", "1 / 0", "2")


def test_a_cell_that_is_meant_to_fail_ends_nothing(run) -> None:
    failed, after = run("1 / 0", "2", tags=["raises-exception"]).cells
    assert failed.outputs[0].ename == "ZeroDivisionError"
    assert after.outputs[0].data["text/plain"] == "2"


def test_a_kernel_that_dies_is_reported_and_the_next_one_runs(run) -> None:
    with pytest.raises(GuideError, match="the kernel ended"):
        run("import os\nos._exit(3)")
    assert run("1").cells[0].outputs


def test_a_notebook_cannot_leave_this_machine(run) -> None:
    with pytest.raises(GuideError, match="ForeignConnectionError"):
        run("import socket\nsocket.create_connection(('example.com', 443))")
