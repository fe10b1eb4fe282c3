"""What all parts of one sandbox share."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from stitchnb.models import ReportCard, format_time
from stitchnb.sandbox import catalog
from stitchnb.sandbox.clock import Clock
from stitchnb.sandbox.connectors.registry import Connectors
from stitchnb.sandbox.faults import Faults
from stitchnb.sandbox.pipeline import Connector
from stitchnb.sandbox.plans import Plan
from stitchnb.sandbox.store.credentials import CredentialStore
from stitchnb.sandbox.store.database import State
from stitchnb.sandbox.store.ids import Ids, Sequences
from stitchnb.sandbox.warehouses.registry import DestinationSettings, Warehouses
from stitchnb.sandbox.workers.workers import Workers


@dataclass(frozen=True)
class SandboxContext:
    """The state, the clock, the sources of ids and rows, and what the account may do."""

    state: State
    clock: Clock
    ids: Ids
    sequences: Sequences
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
        """Return the time as the API writes it."""
        return format_time(self.clock.now())

    def at(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    def connector(self, source_type: str) -> Connector:
        """Return a source type's connector, which runs wherever this sandbox runs connectors."""
        connector = self.connectors[source_type]
        return connector if self.workers is None else self.workers.wrap(connector)

    def source_properties(
        self, db: sqlite3.Connection, row: sqlite3.Row, credentials: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return a source's properties with its credentials, for its connector. Never part of a response."""
        credentials = self.credentials.read(db, row["id"]) if credentials is None else credentials
        return {**json.loads(row["properties"]), **credentials}

    def destination(
        self, db: sqlite3.Connection, row: sqlite3.Row, decrypted: dict[bytes, str] | None = None
    ) -> DestinationSettings:
        """Return a destination with its credentials, from which its warehouse is opened.

        Parameters
        ----------
        decrypted
            Credentials that are decrypted already, by their encrypted form; those that are not yet are added.
        """
        properties = {**json.loads(row["properties"]), **self.credentials.read(db, row["id"], decrypted)}
        return DestinationSettings(row["id"], row["type"], bool(row["is_embedded"]), properties)


@cache
def source_type_card(source_type: str) -> ReportCard | None:
    """Return a source type's report card with all its details; None when there is no such type."""
    if source_type not in catalog.source_types():
        return None
    return ReportCard(catalog.source_type(source_type, listed=True))


@cache
def destination_type_card(destination_type: str) -> ReportCard | None:
    """Return a destination type's report card; None when there is no such type."""
    if destination_type not in catalog.destination_types():
        return None
    return ReportCard(catalog.destination_type(destination_type))


def split_credentials(card: ReportCard, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Split values into those that responses show and those that are stored encrypted."""
    names = {p.name for p in card.properties if p.is_credential}
    shown = {n: v for n, v in values.items() if n not in names}
    return shown, {n: str(v) for n, v in values.items() if n in names}
