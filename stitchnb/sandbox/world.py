"""What every part of one sandbox shares."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from stitchnb.models import ReportCard, format_time
from stitchnb.sandbox import catalog
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.ids import Ids
from stitchnb.sandbox.state import State
from stitchnb.sandbox.vault import Vault


@dataclass(frozen=True)
class World:
    """The state, the clock that it runs by, and where ids and keys come from."""

    state: State
    clock: Clock
    ids: Ids
    vault: Vault

    @property
    def client_id(self) -> int:
        """The account's id."""
        return self.ids.client_id

    def now(self) -> str:
        """Tell the time as the API writes it."""
        return format_time(self.clock.now())

    def at(self) -> datetime:
        """Tell the time."""
        return self.clock.now()

    def credentials(self, db: sqlite3.Connection, source_id: int) -> dict[str, str]:
        """Open a source's credentials."""
        rows = db.execute("SELECT name, sealed FROM credentials WHERE source_id = ?", (source_id,))
        return {row["name"]: self.vault.open(row["sealed"]) for row in rows}

    def keep_credentials(self, db: sqlite3.Connection, source_id: int, values: Mapping[str, str]) -> None:
        """Seal credentials of a source, over those it had."""
        db.executemany(
            "INSERT OR REPLACE INTO credentials (source_id, name, sealed) VALUES (?, ?, ?)",
            [(source_id, name, self.vault.seal(value)) for name, value in values.items()],
        )

    def all_properties(self, db: sqlite3.Connection, source: sqlite3.Row) -> dict[str, Any]:
        """Give a source's properties with its credentials, for the engine alone."""
        return {**json.loads(source["properties"]), **self.credentials(db, source["id"])}


@cache
def type_card(source_type: str) -> ReportCard | None:
    """Find a source type's report card with all its details; None when there is no such type."""
    if source_type not in catalog.source_types():
        return None
    return ReportCard(catalog.source_type(source_type, listed=True))
