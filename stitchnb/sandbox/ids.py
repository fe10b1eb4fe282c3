"""Ids that come from the seed: the same calls give the same ids."""

from __future__ import annotations

import hashlib
import sqlite3
import uuid

# More streams than a source ever has: ids of another source never come among its own.
_STREAMS_OF_A_SOURCE = 1_000_000


class Ids:
    """Gives out ids; how many were given is kept in the state, so that a restart goes on counting."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @property
    def client_id(self) -> int:
        """The account's id."""
        return 116078 if self.seed == 0 else 100_000 + self._number("client", 800_000)

    def source(self, db: sqlite3.Connection) -> int:
        """Give the next source's id."""
        return self._first_source + self._count(db, "source")

    def stream(self, db: sqlite3.Connection, source_id: int) -> int:
        """Give the next id of a source's streams.

        Each source counts its own, so that it is of no matter which of two checks at the same time ends first.
        """
        first = 2_288_751 + (source_id - self._first_source) * _STREAMS_OF_A_SOURCE
        return first + self._count(db, f"stream of {source_id}")

    def destination(self, db: sqlite3.Connection) -> int:
        """Give the next destination's id."""
        return 174_000 + self._number("destination", 1000) + self._count(db, "destination")

    def custom_email(self, db: sqlite3.Connection) -> int:
        """Give the next custom e-mail's id."""
        return 22 + self._number("custom_email", 1000) + self._count(db, "custom_email")

    def hook(self, db: sqlite3.Connection) -> int:
        """Give the next post-load hook's id."""
        return 8 + self._number("hook", 1000) + self._count(db, "hook")

    def import_token(self, db: sqlite3.Connection) -> int:
        """Give the next id of an access token of the Import API; the token itself comes from no seed."""
        return 815_713_587 + self._number("import_token", 10_000_000) + self._count(db, "import_token")

    def granted(self, connection_id: int, name: str) -> str:
        """Give what a service hands to Stitch under a name when somebody authorises it."""
        return hashlib.sha256(f"{self.seed}/granted/{connection_id}/{name}".encode()).hexdigest()[:24]

    def job_name(self, db: sqlite3.Connection, connection_id: int, mode: str) -> str:
        """Give the next name of a ``check`` or ``sync`` job of one source or destination."""
        return self._job_name(connection_id, mode, self._count(db, "job"))

    def embedded_check_name(self, destination_id: int) -> str:
        """Give the name of the check that a new sandbox begins with."""
        return self._job_name(destination_id, "check", "embedded")

    @property
    def _first_source(self) -> int:
        return 233312 if self.seed == 0 else 200_000 + self._number("source", 700_000)

    def _job_name(self, connection_id: int, mode: str, mark: int | str) -> str:
        digest = hashlib.sha256(f"{self.seed}/{mode}/{connection_id}/{mark}".encode()).digest()
        return f"{self.client_id}.{connection_id}.{mode}.{uuid.UUID(bytes=digest[:16], version=4)}"

    def _number(self, kind: str, below: int) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{kind}".encode()).digest()[:8], "big") % below

    @staticmethod
    def _count(db: sqlite3.Connection, kind: str) -> int:
        """Count one more of a kind; the first is 0."""
        row = db.execute(
            "INSERT INTO counters (kind, given) VALUES (?, 1) "
            "ON CONFLICT (kind) DO UPDATE SET given = given + 1 RETURNING given",
            (kind,),
        ).fetchone()
        return int(row[0]) - 1
