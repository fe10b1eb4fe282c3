"""What somebody wrote after the guides of the last release still runs."""

import re
from pathlib import Path

import keep_release
import nbformat
import pytest
from guide_kernels import GuideError, GuideKernels
from nbformat.v4 import new_code_cell, new_notebook, new_output
from packaging.version import Version

import stitchnb

RELEASED = sorted(keep_release.RELEASED.glob("*/*.ipynb"))


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_guide_of_the_last_release_runs(guide_kernels: GuideKernels, path: Path) -> None:
    guide_kernels.run(path)


def test_the_guides_that_are_kept_are_those_of_the_last_release(project_root: Path) -> None:
    dated = re.findall(
        r"^## (\d\S*) \(\d{4}-\d\d-\d\d\)$", (project_root / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert [folder.name for folder in keep_release.RELEASED.iterdir()] == dated[:1]
    assert Version(dated[0]) < Version(stitchnb.__version__)
    assert RELEASED


def test_guides_are_kept_without_outputs_in_place_of_older_ones(tmp_path: Path) -> None:
    guides, released = tmp_path / "guides", tmp_path / "released"
    guides.mkdir()
    (released / "0.0.1").mkdir(parents=True)
    cell = new_code_cell("1 + 1", execution_count=1, outputs=[new_output("stream", text="2")])
    nbformat.write(new_notebook(cells=[cell]), guides / "00-a.ipynb")

    folder = keep_release.keep(guides, "0.2.0", released)

    assert [kept.name for kept in released.iterdir()] == ["0.2.0"]
    (kept,) = nbformat.read(folder / "00-a.ipynb", as_version=4).cells
    assert (kept.source, kept.outputs, kept.execution_count) == ("1 + 1", [], None)


def test_a_name_that_is_gone_would_be_seen(guide_kernels: GuideKernels, tmp_path: Path) -> None:
    path = tmp_path / "gone.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import stitchnb\nstitchnb.NameOfYesterday")]), path)
    with pytest.raises(GuideError, match="NameOfYesterday"):
        guide_kernels.run(path)
