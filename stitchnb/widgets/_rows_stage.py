"""What has landed: of a sandbox the tables and their first rows, of a real account the last loads."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from stitchnb.client import Records
from stitchnb.errors import StitchError
from stitchnb.models import Load, format_time
from stitchnb.rules.source_types import TypeKind, type_kind
from stitchnb.widgets import _step_panel as panel
from stitchnb.widgets._picker_words import counted
from stitchnb.widgets._stage import PanelStage, StageOwner
from stitchnb.widgets._wizard_steps import ROWS, RUN, StepState

if TYPE_CHECKING:
    import pandas as pd

_SHOWN_ROWS = 8
_SHOWN_COLUMNS = 5
_LONGEST = 40
_IMPORT_API = "import_api"
_OUR_COLUMNS = ("_sdc_", "__sdc_")


class RowsStage(PanelStage):
    """Shows what has landed of a source."""

    def __init__(self, owner: StageOwner) -> None:
        super().__init__(owner, "Rows")
        self._table = ""
        self._looking = threading.Lock()

    def begin(self) -> None:
        """Look what there is, in the background: tables may be large."""
        self.show([panel.progress("Looking what has landed", elapsed_s=0)])
        self.watch(self._look)

    def press(self, name: str, value: str) -> None:
        """Show another table, look again, or go back to the job."""
        if name == "run":
            self.owner.go(RUN)
            return
        if name == "table":
            self._table = value
        self.watch(self._look)

    def went_wrong(self, error: StitchError) -> None:
        """Show why nothing can be seen."""
        self.show([panel.note("error", str(error))], actions=[panel.action("look", "Look again", primary=True)])

    def _look(self) -> bool:
        # A second look must not overtake the first one.
        with self._looking:
            client, source = self.owner.client, self.owner.live_source
            if client.sandbox is None:
                self._show_loads(source.name, source.loads())
            else:
                self._show_tables(source.name, client.sandbox.warehouse)
        return True

    def _show_tables(self, schema: str, warehouse: Any) -> None:
        tables = warehouse.tables()
        mine = tables[tables["schema"] == schema]
        if mine.empty:
            self._show_nothing(f"No table of schema {schema} is in the warehouse yet.")
            return
        names = list(mine["table"])
        chosen = self._table if self._table in names else _first(names)
        counts = dict(zip(names, mine["rows"], strict=True))
        query = f"SELECT * FROM {_quoted(schema)}.{_quoted(chosen)} LIMIT {_SHOWN_ROWS}"
        rows = warehouse.sql(query)
        columns, cells = _preview(rows)
        total = int(mine["rows"].sum())
        blocks = [
            panel.text(f"{counted(total, 'row')} in {counted(len(names), 'table')} of schema {schema}."),
            panel.choice("table", "Table", [(name, f"{name} ({counts[name]:,})") for name in names], chosen),
            panel.table(f"The first rows of {schema}.{chosen}", columns, cells),
            panel.code("All of it as a DataFrame", f"client.sandbox.warehouse.table({f'{schema}.{chosen}'!r})"),
        ]
        hidden = len(rows.columns) - len(columns)
        shown = f"{counted(len(rows), 'row')} shown"
        summary = f"{shown}, and {len(columns)} of {len(rows.columns)} columns." if hidden else f"{shown}."
        self._show_rows(blocks, summary)

    def _show_loads(self, schema: str, loads: Records[Load]) -> None:
        if not loads:
            self._show_nothing(f"Nothing has been loaded into schema {schema} yet.")
            return
        rows: list[list[panel.Cell]] = [
            [
                load.stream_name,
                panel.state(f"failed: {load.failure}", "error") if load.failure else panel.state("loaded", "ok"),
                format_time(load.last_batch_loaded_at).replace("T", " ") if load.last_batch_loaded_at else "",
            ]
            for load in loads
        ]
        self._show_rows(
            [
                panel.text(f"The rows are in schema {schema} of the destination. The last load of each stream:"),
                panel.table("Last loads", [("Stream", False), ("State", False), ("Last loaded (UTC)", True)], rows),
            ]
        )

    def _show_rows(self, blocks: list[panel.Block], summary: str = "") -> None:
        with self.owner.lock:
            if not self.is_over:
                self.show(blocks, summary=summary, actions=self._actions())
                self.owner.mark(ROWS, StepState.DONE)

    def _show_nothing(self, words: str) -> None:
        source = self.owner.live_source
        if not self._is_pushed:
            blocks = [panel.text(f"{words} A job brings them; a stream without rows makes no table.")]
        else:
            blocks = [panel.text(f"{words} Rows are pushed to this source: no job brings them.")]
            if source.type == _IMPORT_API:
                blocks.append(panel.code("A token to push with", f"client.import_tokens.create({source.id})"))
        self.show(blocks, actions=self._actions("Go to the job"))

    def _actions(self, to_job: str = "Back to the job") -> list[dict[str, Any]]:
        back = [] if self._is_pushed else [panel.action("run", to_job)]
        return [*back, panel.action("look", "Look again", primary=True)]

    @property
    def _is_pushed(self) -> bool:
        return type_kind(self.owner.live_source.report_card) is TypeKind.PUSH


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _first(names: list[str]) -> str:
    """Choose the table to show first: one of rows rather than of rejected ones."""
    return next((name for name in names if not name.startswith("_sdc_")), names[0])


def _preview(rows: pd.DataFrame) -> tuple[list[tuple[str, bool]], list[list[str]]]:
    """Write the first rows as text, without the columns that Stitch adds, and as many others as there is room for."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    own = [name for name in rows.columns if not name.startswith(_OUR_COLUMNS)] or list(rows.columns)
    shown = own[:_SHOWN_COLUMNS]
    columns = [(name, is_numeric_dtype(rows[name]) and not is_bool_dtype(rows[name])) for name in shown]
    return columns, [[_cell(value) for value in line] for line in rows[shown].itertuples(index=False, name=None)]


def _cell(value: Any) -> str:
    from pandas import isna

    if not isinstance(value, list | dict) and isna(value):
        return ""
    told = str(value)
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"
