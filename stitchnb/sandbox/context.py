"""What every part of one sandbox shares."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Literal

from stitchnb.models import ReportCard, format_time
from stitchnb.sandbox import catalog
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.connectors.registry import Connectors
from stitchnb.sandbox.faults import Faults
from stitchnb.sandbox.ids import Ids
from stitchnb.sandbox.pipeline import Connector
from stitchnb.sandbox.plans import Plan
from stitchnb.sandbox.store.credentials import CredentialStore
from stitchnb.sandbox.store.database import State
from stitchnb.sandbox.warehouses.bindings import Destination, Warehouses
from stitchnb.sandbox.workers.workers import Workers

Kind = Literal["source", "destination"]


@dataclass(frozen=True)
class SandboxContext:
    """The state, the clock that it runs by, where ids, keys and rows come from, and what the account may do."""

    state: State
    clock: Clock
    ids: Ids
    credentials: CredentialStore
    plan: Plan
    connectors: Connectors
    warehouses: Warehouses
    faults: Faults = field(default_factory=Faults)
    workers: Workers | None = None

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

    def connector(self, source_type: str) -> Connector:
        """Give a source type's connector, to be run wherever this sandbox runs them."""
        connector = self.connectors[source_type]
        return connector if self.workers is None else self.workers.running(connector)

    def keep_connection(self, db: sqlite3.Connection, connection_id: int, kind: Kind) -> None:
        """Write down a new id: sources and destinations draw on one set, as checks and credentials are of either."""
        db.execute("INSERT INTO connections (id, kind) VALUES (?, ?)", (connection_id, kind))

    def all_properties(self, db: sqlite3.Connection, connection: sqlite3.Row) -> dict[str, Any]:
        """Give a source's or destination's properties with its credentials, for the engine alone."""
        return {**json.loads(connection["properties"]), **self.credentials.read(db, connection["id"])}

    def destination(self, db: sqlite3.Connection, row: sqlite3.Row) -> Destination:
        """Give a destination as its warehouse is made from it, for the engine alone."""
        return Destination(row["id"], row["type"], bool(row["is_embedded"]), self.all_properties(db, row))


@cache
def type_card(source_type: str) -> ReportCard | None:
    """Find a source type's report card with all its details; None when there is no such type."""
    if source_type not in catalog.source_types():
        return None
    return ReportCard(catalog.source_type(source_type, listed=True))


@cache
def destination_card(destination_type: str) -> ReportCard | None:
    """Find a destination type's report card; None when there is no such type."""
    if destination_type not in catalog.destination_types():
        return None
    return ReportCard(catalog.destination_type(destination_type))


def split_credentials(card: ReportCard, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Part values into what may be shown and what must be sealed."""
    secret = {p.name for p in card.properties if p.is_credential}
    shown = {n: v for n, v in values.items() if n not in secret}
    return shown, {n: str(v) for n, v in values.items() if n in secret}
