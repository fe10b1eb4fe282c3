"""What objects show of themselves in JupyterLab: tables that are no wider than a notebook."""

from collections.abc import Callable

from lab_page import NotebookPage
from nbformat.v4 import new_code_cell, new_notebook

CELLS = (
    "import stitchnb\nclient = stitchnb.connect(quiet=True, pace_s=0)",
    *(f"client.source_types.get('platform.{name}')" for name in ("recurly", "hp-postgres", "google-ads")),
    "client.destination_types.get('postgres')",
    "given = {'host': 'db.example.com', 'port': '5432', 'user': 'u', 'password': 'p', 'dbname': 'shop'}\n"
    "source = client.sources.create('platform.hp-postgres', display_name='Shop', properties=given)\n"
    "done = source.check().wait()\nsource.select('orders')\nsource.report_card",
    "source.catalog()",
    "source.streams()",
)


def test_cards_and_catalogs_are_no_wider_than_the_notebook(open_notebook: Callable[..., NotebookPage]) -> None:
    page = open_notebook(new_notebook(cells=[new_code_cell(cell) for cell in CELLS]))
    assert page.run_all().errors == []
    for width in (1280, 800):
        page.set_width(width)
        assert page.sideways_overflow() == []
        page.screenshot(f"tables-{width}", whole=True)
