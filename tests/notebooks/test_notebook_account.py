"""With a token in the environment the notebooks work on an account that is not embedded in them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from guide_kernels import GuideKernels
from nbformat import NotebookNode

from stitchnb import Client
from stitchnb.sandbox import Sandbox

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent.parent / "notebooks").glob("*.ipynb"))

# The tables that a guide must leave in the account's warehouse.
LANDED = {"01-create-a-data-source": ["accounts", "plans"]}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """An account elsewhere, as far as the notebook can tell: it has its address and its token, and nothing more."""
    with Sandbox(pace_s=0.2) as sandbox:
        monkeypatch.setenv("STITCH_BASE_URL", sandbox.url)
        monkeypatch.setenv("STITCH_ACCESS_TOKEN", sandbox.token.reveal())
        yield sandbox


def standing(client: Client) -> dict[str, list[tuple[object, ...]]]:
    """Tell what of an account somebody could miss, or have to clean up."""
    return {
        "sources": [(s.id, s.display_name, s.paused_at) for s in client.sources.list() if s.deleted_at is None],
        "destinations": [(d.id, d.type, d.properties) for d in client.destinations.list()],
        "e-mails": [(e.id, e.disabled_at) for e in client.notifications.emails.list()],
        "hooks": [(h.id, h.disabled_at) for h in client.notifications.hooks.list()],
    }


def outputs_of(notebook: NotebookNode) -> str:
    return json.dumps([cell.outputs for cell in notebook.cells if cell.cell_type == "code"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_guide_runs_on_an_account_and_leaves_nothing_there(
    account: Sandbox, guide_kernels: GuideKernels, path: Path
) -> None:
    with Client(account.token.reveal(), base_url=account.url) as client:
        client.sources.create("platform.shopify", display_name="Mine", properties={"shop": "acme"}, validate=False)
        client.notifications.emails.create("ada@example.com")
        before = standing(client)
        notebook = guide_kernels.run(path)
        assert standing(client) == before
    assert account.clock.now() - datetime.now(UTC) < timedelta(minutes=10), "the account's clock was moved"

    assert "real account" in outputs_of(notebook)
    assert account.token.reveal() not in outputs_of(notebook)

    if path.stem in LANDED:
        tables = account.warehouse.tables()
        assert tables["table"].tolist() == LANDED[path.stem]
        assert tables["rows"].min() > 0
