"""A guide whose outputs are not the committed ones is reported, cell by cell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from guide_outputs import differences, differences_by_nbval
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

FRAME = {"text/plain": "   id\n0   1", "text/html": "<table></table>"}


def result(**data: str) -> NotebookNode:
    return new_output("execute_result", {**FRAME, **data}, execution_count=1)


def error(name: str) -> NotebookNode:
    return new_output("error", ename=name, evalue="'a'", traceback=[f"{name}: 'a'"])


def notebook() -> NotebookNode:
    """A notebook with a frame, a printed text, and an error that is meant to be one."""
    return new_notebook(
        cells=[
            new_markdown_cell("# Title"),
            new_code_cell("frame", execution_count=1, outputs=[result()]),
            new_code_cell("print('one')", execution_count=2, outputs=[new_output("stream", text="one\n")]),
            new_code_cell(
                "{}['a']", execution_count=3, outputs=[error("KeyError")], metadata={"tags": ["raises-exception"]}
            ),
        ]
    )


def as_run(node: NotebookNode) -> list[dict[str, Any]]:
    """The cells as `NotebookPage.cells` lists them."""
    return [
        {
            "type": cell.cell_type,
            "source": cell.source,
            "count": cell.get("execution_count"),
            "outputs": cell.get("outputs", []),
        }
        for cell in node.cells
    ]


@pytest.fixture
def compare(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., list[str]]:
    """Compare a run, changed as wished, with a notebook, changed as wished."""

    def compare(
        run: Callable[[NotebookNode], object] = bool, kept: Callable[[NotebookNode], object] = bool
    ) -> list[str]:
        path, expected, actual = tmp_path / "guide.ipynb", notebook(), notebook()
        kept(expected)
        run(actual)
        nbformat.write(expected, path)
        return differences(path, as_run(actual), request.session)

    return compare


def outputs(index: int, *values: NotebookNode) -> Callable[[NotebookNode], object]:
    return lambda node: node.cells[index].update(outputs=list(values))


def test_the_same_outputs_do_not_differ(compare: Callable[..., list[str]]) -> None:
    assert compare() == []


@pytest.mark.parametrize(
    ("run", "cell", "words"),
    [
        (outputs(1, result(**{"text/plain": "   id\n0   2"})), 0, ("mismatch 'text/plain'", "0   1", "0   2")),
        (outputs(1, result(**{"text/html": "<p></p>"})), 0, ("mismatch 'text/html'", "<table>", "<p>")),
        (outputs(1), 0, ("Missing output fields", "text/html")),
        (outputs(1, result(), result()), 0, ("dissimilar number of outputs",)),
        (outputs(1, result(), new_output("stream", text="a warning")), 0, ("Unexpected output fields", "stdout")),
        (outputs(2, new_output("stream", text="two\n")), 1, ("mismatch 'stdout'", "one", "two")),
        (outputs(2, error("ValueError")), 1, ("caused an exception", "ValueError: 'a'")),
        (outputs(3, error("ValueError")), 2, ("mismatch 'ename'", "KeyError", "ValueError")),
        (outputs(3), 2, ("Missing output fields", "ename")),
        (lambda node: node.cells[2].update(execution_count=None, outputs=[]), 1, ("was not run",)),
    ],
    ids=[
        "another value",
        "another table",
        "no output",
        "an output twice",
        "an extra output",
        "another text",
        "an error",
        "another error",
        "no error",
        "not run",
    ],
)
def test_a_cell_that_outputs_something_else_is_reported_with_both(
    compare: Callable[..., list[str]], run: Callable[[NotebookNode], object], cell: int, words: tuple[str, ...]
) -> None:
    [report] = compare(run=run)
    assert f"Cell {cell}" in report
    assert notebook().cells[cell + 1].source in report
    for word in words:
        assert word in report


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (outputs(1), "Unexpected output fields"),
        (lambda node: node.cells[1].update(execution_count=None), "Unrun reference cell has outputs"),
        (lambda node: node.cells[1].metadata.update(tags=["nbval-skip"]), "marked to be skipped"),
    ],
    ids=["cleared", "never run", "skipped"],
)
def test_a_guide_that_was_kept_without_what_it_outputs_is_reported(
    compare: Callable[..., list[str]], kept: Callable[[NotebookNode], object], words: str
) -> None:
    [report] = compare(kept=kept)
    assert words in report


def test_pictures_and_the_ids_of_widgets_may_differ(compare: Callable[..., list[str]]) -> None:
    def with_data(value: str) -> Callable[[NotebookNode], object]:
        return outputs(1, result(**{"image/png": value, "application/vnd.jupyter.widget-view+json": value}))

    assert compare(run=with_data("a"), kept=with_data("b")) == []


def test_the_cells_of_another_notebook_are_not_compared(compare: Callable[..., list[str]]) -> None:
    with pytest.raises(AssertionError, match="not that of this notebook"):
        compare(run=lambda node: node.cells.pop())


def test_without_a_browser_nbval_runs_and_compares(tmp_path: Path) -> None:
    path = tmp_path / "guide.ipynb"
    text = [new_output("stream", text="one\n")]
    cells = [
        new_code_cell("print('one')", execution_count=1, outputs=text),
        new_code_cell("print('two')", execution_count=2, outputs=text),
        new_code_cell("1 / 0", execution_count=3),
    ]
    nbformat.write(new_notebook(cells=cells), path)

    [report] = differences_by_nbval(path)

    for words in ("::Cell 1", "mismatch 'stdout'", "::Cell 2", "ZeroDivisionError", "2 failed, 1 passed"):
        assert words in report


def test_without_a_browser_a_guide_that_outputs_what_it_shows_is_not_reported(tmp_path: Path) -> None:
    path = tmp_path / "guide.ipynb"
    text = [new_output("stream", text="one\n")]
    nbformat.write(new_notebook(cells=[new_code_cell("print('one')", execution_count=1, outputs=text)]), path)
    assert differences_by_nbval(path) == []
