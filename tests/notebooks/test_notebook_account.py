"""With a token in the environment the notebooks work on an account that is not embedded in them."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from stitchnb.sandbox import Sandbox


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """An account elsewhere, as far as the notebook can tell: it has its address and its token, and nothing more."""
    sandbox = Sandbox(pace_s=1)
    monkeypatch.setenv("STITCH_BASE_URL", sandbox.url)
    monkeypatch.setenv("STITCH_ACCESS_TOKEN", sandbox.token.reveal())
    return sandbox


def test_the_first_guide_runs_on_an_account(account: Sandbox, project_root: Path) -> None:
    notebook = nbformat.read(project_root / "notebooks" / "01-create-a-data-source.ipynb", as_version=4)

    with account:
        NotebookClient(notebook, timeout=300).execute()
        rows = account.warehouse.tables()

    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    assert "real account" in outputs[0]["text"]
    assert account.token.reveal() not in nbformat.writes(notebook)
    assert rows["table"].tolist() == ["accounts", "plans"]
    assert rows["rows"].min() > 0
