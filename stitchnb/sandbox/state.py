"""The sandbox's state: one SQLite database, in a file or in memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stitchnb.errors import StateFileError

# Marks the file as a sandbox's, so that no other program's database is ever written to ("StNB").
_APPLICATION_ID = 0x53744E42
_VERSION = 1

_SCHEMA = """
CREATE TABLE account (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE counters (kind TEXT PRIMARY KEY, given INTEGER NOT NULL) STRICT;
CREATE TABLE destinations (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, description TEXT, properties TEXT NOT NULL,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT
) STRICT;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL,
  properties TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, paused_at TEXT, deleted_at TEXT,
  discovered_at TEXT, scheduled_at TEXT, next_fire_at TEXT
) STRICT;
CREATE UNIQUE INDEX live_source_names ON sources (name) WHERE deleted_at IS NULL;
CREATE TABLE credentials (
  source_id INTEGER NOT NULL REFERENCES sources, name TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (source_id, name)
) STRICT;
CREATE TABLE checks (
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, source_id INTEGER NOT NULL REFERENCES sources,
  status TEXT NOT NULL, start_time TEXT NOT NULL, completion_time TEXT,
  check_exit_status INTEGER, discovery_exit_status INTEGER, discovery_error_message TEXT
) STRICT;
CREATE INDEX checks_of_source ON checks (source_id, number);
CREATE TABLE streams (
  stream_id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES sources, tap_stream_id TEXT NOT NULL,
  stream_name TEXT NOT NULL, position INTEGER NOT NULL, schema TEXT NOT NULL, metadata TEXT NOT NULL,
  UNIQUE (source_id, tap_stream_id)
) STRICT;
CREATE TABLE selections (
  stream_id INTEGER NOT NULL REFERENCES streams ON DELETE CASCADE, breadcrumb TEXT NOT NULL, metadata TEXT NOT NULL,
  PRIMARY KEY (stream_id, breadcrumb)
) STRICT;
CREATE TABLE jobs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, source_id INTEGER NOT NULL REFERENCES sources,
  status TEXT NOT NULL, start_time TEXT NOT NULL, completion_time TEXT,
  discovery_exit_status INTEGER, discovery_description TEXT, tap_exit_status INTEGER, tap_description TEXT,
  target_exit_status INTEGER, target_description TEXT
) STRICT;
CREATE INDEX jobs_of_source ON jobs (source_id, number);
CREATE UNIQUE INDEX one_running_job ON jobs (source_id) WHERE status = 'running';
CREATE TABLE bookmarks (
  source_id INTEGER NOT NULL REFERENCES sources, tap_stream_id TEXT NOT NULL, bookmark TEXT NOT NULL,
  table_version INTEGER NOT NULL, PRIMARY KEY (source_id, tap_stream_id)
) STRICT;
CREATE TABLE loads (
  source_id INTEGER NOT NULL REFERENCES sources, stream_name TEXT NOT NULL, last_batch_loaded_at TEXT,
  error_state TEXT, PRIMARY KEY (source_id, stream_name)
) STRICT;
"""


class State:
    """One connection, one lock: every change is one transaction, and a kill loses nothing that was answered.

    Parameters
    ----------
    path
        The file to keep the state in, made when it is not there; None keeps it in memory, so that nothing is left
        behind however the process ends.

    Raises
    ------
    StateFileError
        When the file is not a sandbox's, is of a newer version, or is in use. It is left as it was.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.RLock()
        if path is not None and path.exists():
            self._refuse_foreign(path)
        try:
            self._db = self._open(path)
        except sqlite3.Error as error:
            raise StateFileError(
                f"The state file {path} cannot be opened ({error}). Close the sandbox that is using it, or give "
                "another path."
            ) from error

    def _open(self, path: Path | None) -> sqlite3.Connection:
        db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, timeout=1)
        db.row_factory = sqlite3.Row
        # Exclusive: a second sandbox on the same file is refused at once, rather than two schedulers firing.
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("BEGIN EXCLUSIVE")
        try:
            if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                for statement in filter(str.strip, _SCHEMA.split(";\n")):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
                db.execute(f"PRAGMA user_version = {_VERSION}")
            db.execute("COMMIT")
            # Only now: made in WAL mode, a new file's header would not yet say whose it is if the process died here.
            db.execute("PRAGMA journal_mode = WAL")
            # Enough for a kill of the process at any moment; the operating system holds what was committed.
            db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            db.close()
            raise
        return db

    @staticmethod
    def _refuse_foreign(path: Path) -> None:
        """Look before anything is opened for writing."""
        advice = "It was not touched; give the path of a sandbox's state file, or one that does not exist yet."
        if path.is_dir():
            raise StateFileError(f"{path} is a folder, not a sandbox's state file. {advice}")
        # SQLite keeps both numbers in the file's header, so the file need not be opened as a database.
        with path.open("rb") as file:
            header = file.read(100)
        if not header:
            return
        if len(header) < 100 or not header.startswith(b"SQLite format 3\0"):
            raise StateFileError(f"{path} is not a sandbox's state file. {advice}")
        version = int.from_bytes(header[60:64], "big")
        if int.from_bytes(header[68:72], "big") != _APPLICATION_ID:
            raise StateFileError(f"{path} is another program's database, not a sandbox's state file. {advice}")
        if version > _VERSION:
            raise StateFileError(
                f"{path} was written by a newer stitchnb (state version {version}, this one reads {_VERSION}). "
                "It was not touched; upgrade stitchnb to open it."
            )

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Change something: all of it is kept when the block ends, or nothing when it raises. May be nested."""
        with self._lock:
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look at something, between changes and never in the middle of one."""
        with self._lock:
            yield self._db

    def keep_seed(self, seed: int | None) -> int:
        """Write down the seed of a new state, or see that it is the one an old state was made with.

        Parameters
        ----------
        seed
            None for the state's own, or 0 where it is new.
        """
        with self.transaction() as db:
            row = db.execute("SELECT value FROM account WHERE key = 'seed'").fetchone()
            if row is None:
                db.execute("INSERT INTO account (key, value) VALUES ('seed', ?)", (str(seed or 0),))
                return seed or 0
            if seed is not None and row["value"] != str(seed):
                raise StateFileError(
                    f"The state file {self.path} was made with seed {row['value']}, not {seed}: its ids and rows come "
                    f"from that seed. Open it with seed={row['value']}, or give another path."
                )
            return int(row["value"])

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
