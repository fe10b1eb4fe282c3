"""Ids and sequence numbers. Ids come from the seed: the same calls get the same ids."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import uuid
from datetime import datetime

from stitchnb.sandbox.store.database import State

# More streams than a source ever has, so that the ids of two sources never overlap.
_STREAMS_OF_A_SOURCE = 1_000_000


class Ids:
    """Generates ids. The counters are kept in the state, so that a restart continues them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @property
    def client_id(self) -> int:
        """The account's id."""
        return 116078 if self.seed == 0 else 100_000 + self._number("client", 800_000)

    def source(self, db: sqlite3.Connection) -> int:
        """Return the next source's id."""
        return self._first_source + self._count(db, "source")

    def stream(self, db: sqlite3.Connection, source_id: int) -> int:
        """Return the next id of a source's streams.

        Each source has its own counter, so that ids do not depend on which of two checks ends first.
        """
        first = 2_288_751 + (source_id - self._first_source) * _STREAMS_OF_A_SOURCE
        return first + self._count(db, f"stream of {source_id}")

    def destination(self, db: sqlite3.Connection) -> int:
        """Return the next destination's id."""
        return 174_000 + self._number("destination", 1000) + self._count(db, "destination")

    def custom_email(self, db: sqlite3.Connection) -> int:
        """Return the next custom e-mail's id."""
        return 22 + self._number("custom_email", 1000) + self._count(db, "custom_email")

    def hook(self, db: sqlite3.Connection) -> int:
        """Return the next post-load hook's id."""
        return 8 + self._number("hook", 1000) + self._count(db, "hook")

    def import_token(self, db: sqlite3.Connection) -> int:
        """Return the next id of an access token of the Import API; the token itself is random."""
        return 815_713_587 + self._number("import_token", 10_000_000) + self._count(db, "import_token")

    def granted(self, connection_id: int, name: str) -> str:
        """Return the value that a service grants to Stitch for a property when somebody authorizes it."""
        return hashlib.sha256(f"{self.seed}/granted/{connection_id}/{name}".encode()).hexdigest()[:24]

    def job_name(self, db: sqlite3.Connection, connection_id: int, mode: str) -> str:
        """Return the next name of a ``check`` or ``sync`` job of one source or destination."""
        return self._job_name(connection_id, mode, self._count(db, "job"))

    def embedded_check_name(self, destination_id: int) -> str:
        """Return the name of the check that a new sandbox begins with."""
        return self._job_name(destination_id, "check", "embedded")

    @property
    def _first_source(self) -> int:
        return 233312 if self.seed == 0 else 200_000 + self._number("source", 700_000)

    def _job_name(self, connection_id: int, mode: str, key: int | str) -> str:
        digest = hashlib.sha256(f"{self.seed}/{mode}/{connection_id}/{key}".encode()).digest()
        return f"{self.client_id}.{connection_id}.{mode}.{uuid.UUID(bytes=digest[:16], version=4)}"

    def _number(self, kind: str, below: int) -> int:
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{kind}".encode()).digest()[:8], "big") % below

    @staticmethod
    def _count(db: sqlite3.Connection, kind: str) -> int:
        """Increment a counter and return its value before, which is 0 at first."""
        row = db.execute(
            "INSERT INTO counters (kind, given) VALUES (?, 1) "
            "ON CONFLICT (kind) DO UPDATE SET given = given + 1 RETURNING given",
            (kind,),
        ).fetchone()
        return int(row[0]) - 1


# More rows than any job has between two of its bookmarks.
_UNRECORDED = 1_000_000_000


class Sequences:
    """Reserves sequence numbers for rows: nanoseconds since the epoch, and always above all numbers before.

    They are counted in memory and recorded with each batch that has landed. After a job that was cut off between
    the two, `skip_unrecorded` leaves out more numbers than it can have used.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._last = 0
        self.reload()

    def reserve(self, now: datetime, count: int) -> int:
        """Reserve `count` numbers in a row; return the first."""
        with self._lock:
            first = max(int(now.timestamp() * 1_000_000_000), self._last + 1)
            self._last = first + count - 1
        return first

    def record(self, db: sqlite3.Connection) -> None:
        """Store how far numbers are reserved. Belongs into the transaction that stores a bookmark."""
        with self._lock:
            last = self._last
        db.execute("INSERT OR REPLACE INTO counters (kind, given) VALUES ('sequence', ?)", (last,))

    def reload(self) -> None:
        """Continue from the state, such as after it was restored."""
        with self._state.read() as db:
            row = db.execute("SELECT given FROM counters WHERE kind = 'sequence'").fetchone()
        with self._lock:
            self._last = int(row["given"]) if row else -1

    def skip_unrecorded(self, db: sqlite3.Connection) -> None:
        """Leave out the numbers that a job which was cut off may have used without recording them."""
        with self._lock:
            self._last += _UNRECORDED
        self.record(db)
