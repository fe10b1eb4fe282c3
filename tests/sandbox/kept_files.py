"""Looks at what a sandbox that was killed has left: copies of its files, so that nothing is mended by looking."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stitchnb.sandbox.connectors.seeded.connector import seeded_connector
from stitchnb.sandbox.pipeline import SelectedStream
from stitchnb.sandbox.store import streams
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse


class KeptFiles:
    """Copies of the state and the warehouse of a sandbox that is not running."""

    def __init__(self, state: Path, folder: Path) -> None:
        folder.mkdir()
        for file in state.parent.glob(f"{state.name}*"):
            if file.is_file():
                shutil.copy(file, folder)
        self._state = folder / state.name

    def query(self, sql: str) -> list[sqlite3.Row]:
        with closing(self._open()) as db:
            return db.execute(sql).fetchall()

    def bookmarked(self) -> Iterator[tuple[str, SelectedStream, set[Any]]]:
        """Schema, stream, and the keys of all rows that are at or before the bookmark, straight from the connector."""
        now = datetime.now(UTC)
        with closing(self._open()) as db:
            for source in db.execute("SELECT * FROM sources").fetchall():
                connector = seeded_connector(source["type"], 0)
                bookmarks = {
                    row["tap_stream_id"]: json.loads(row["bookmark"])
                    for row in db.execute("SELECT * FROM bookmarks WHERE source_id = ?", (source["id"],))
                }
                for stored in streams.list_of_source(db, source["id"]):
                    stream = stored.as_selected()
                    bookmark = bookmarks.get(stored.tap_stream_id)
                    if bookmark:
                        key = str(stream.replication_key)
                        batches = connector.extract(json.loads(source["properties"]), [stream], {}, now)
                        records = [record for batch in batches for record in batch.records]
                        yield source["name"], stream, {r["id"] for r in records if r[key] <= bookmark[key]}

    def landed(self) -> dict[str, list[Any]]:
        """Keys of the rows of every table, by ``schema.table``."""
        with closing(DuckDBWarehouse(self._state.with_name(self._state.name + ".duckdb"))) as warehouse:
            names = [f"{row.schema}.{row.table}" for row in warehouse.tables().itertuples()]
            return {name: warehouse.table(name, ["id"])["id"].tolist() for name in names}

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._state)
        db.row_factory = sqlite3.Row
        return db
