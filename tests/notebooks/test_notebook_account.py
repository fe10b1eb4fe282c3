"""With a token in the environment the notebooks work on an account that is not embedded in them."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from stitchnb import Client
from stitchnb.sandbox import Sandbox

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An account elsewhere, as far as the notebook can tell: it has its address and its token, and nothing more."""
    with Sandbox(pace_s=0.2) as sandbox:
        monkeypatch.setenv("STITCH_BASE_URL", sandbox.url)
        monkeypatch.setenv("STITCH_ACCESS_TOKEN", sandbox.token.reveal())
        yield sandbox


def run(path: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=300).execute(cwd=str(path.parent))
    return notebook


def standing(client: Client) -> dict[str, list[tuple[object, ...]]]:
    """Tell what of an account somebody could miss, or have to clean up."""
    return {
        "sources": [(s.id, s.display_name, s.paused_at) for s in client.sources.list() if s.deleted_at is None],
        "destinations": [(d.id, d.type, d.properties) for d in client.destinations.list()],
        "e-mails": [(e.id, e.disabled_at) for e in client.notifications.emails.list()],
        "hooks": [(h.id, h.disabled_at) for h in client.notifications.hooks.list()],
    }


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_guide_runs_on_an_account_and_leaves_nothing_there(account: Sandbox, path: Path) -> None:
    with Client(account.token.reveal(), base_url=account.url) as client:
        client.sources.create("platform.shopify", display_name="Mine", properties={"shop": "acme"}, validate=False)
        client.notifications.emails.create("ada@example.com")
        before = standing(client)
        notebook = run(path)
        assert standing(client) == before

    written = nbformat.writes(notebook)
    assert "real account" in written
    assert account.token.reveal() not in written


def test_the_first_guide_lands_rows_on_an_account(account: Sandbox, project_root: Path) -> None:
    run(project_root / "notebooks" / "01-create-a-data-source.ipynb")

    rows = account.warehouse.tables()
    assert rows["table"].tolist() == ["accounts", "plans"]
    assert rows["rows"].min() > 0
