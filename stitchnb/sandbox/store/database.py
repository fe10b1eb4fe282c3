"""The sandbox's state: one SQLite database, in a file or in memory."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stitchnb.errors import SandboxError, StateFileError

# Marks the file as a sandbox's, so that no other program's database is ever written to ("StNB").
_APPLICATION_ID = 0x53744E42
_VERSION = 3

_JOB_STREAMS = """
CREATE TABLE job_streams (
  job_name TEXT NOT NULL REFERENCES jobs (name), tap_stream_id TEXT NOT NULL, stream_name TEXT NOT NULL,
  position INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'waiting', rows_expected INTEGER,
  rows_loaded INTEGER NOT NULL DEFAULT 0, rows_rejected INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
  last_batch_at TEXT, PRIMARY KEY (job_name, tap_stream_id)
) STRICT;
"""

# All sources counted their streams together: each goes on from there, past every id that was given.
_STREAMS_OF_EACH_SOURCE = """
INSERT INTO counters (kind, given)
  SELECT 'stream of ' || sources.id, given FROM sources, counters WHERE kind = 'stream';
"""

# What brings a state of one version to the next: the version that it starts from, and the statements.
_MIGRATIONS: dict[int, str] = {1: _JOB_STREAMS, 2: _STREAMS_OF_EACH_SOURCE}

_SCHEMA = f"""
CREATE TABLE account (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE counters (kind TEXT PRIMARY KEY, given INTEGER NOT NULL) STRICT;
CREATE TABLE access_tokens (digest TEXT PRIMARY KEY, created_at TEXT NOT NULL, expires_at TEXT) STRICT;
CREATE TABLE users (
  email TEXT PRIMARY KEY, company TEXT NOT NULL, region TEXT NOT NULL, created_at TEXT NOT NULL
) STRICT;
CREATE TABLE connections (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('source', 'destination'))
) STRICT;
CREATE TABLE destinations (
  id INTEGER PRIMARY KEY REFERENCES connections, type TEXT NOT NULL, name TEXT, description TEXT,
  properties TEXT NOT NULL, ignore_unmapped_sources INTEGER NOT NULL DEFAULT 0, is_embedded INTEGER NOT NULL DEFAULT 0,
  created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT
) STRICT;
CREATE TABLE sources (
  id INTEGER PRIMARY KEY REFERENCES connections, type TEXT NOT NULL, name TEXT NOT NULL, display_name TEXT NOT NULL,
  properties TEXT NOT NULL, destination_id INTEGER REFERENCES destinations, created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL, paused_at TEXT, deleted_at TEXT, discovered_at TEXT, scheduled_at TEXT, next_fire_at TEXT
) STRICT;
CREATE UNIQUE INDEX live_source_names ON sources (name) WHERE deleted_at IS NULL;
CREATE TABLE credentials (
  connection_id INTEGER NOT NULL REFERENCES connections, name TEXT NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (connection_id, name)
) STRICT;
CREATE TABLE checks (
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,
  connection_id INTEGER NOT NULL REFERENCES connections, status TEXT NOT NULL, start_time TEXT NOT NULL,
  completion_time TEXT, check_exit_status INTEGER, discovery_exit_status INTEGER, discovery_error_message TEXT,
  target_exit_status INTEGER, target_error_message TEXT
) STRICT;
CREATE INDEX checks_of_connection ON checks (connection_id, number);
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
CREATE TABLE job_logs (
  number INTEGER PRIMARY KEY AUTOINCREMENT, job_name TEXT NOT NULL REFERENCES jobs (name), line TEXT NOT NULL
) STRICT;
CREATE INDEX logs_of_job ON job_logs (job_name, number);
{_JOB_STREAMS}
CREATE TABLE log_tickets (
  digest TEXT PRIMARY KEY, job_name TEXT NOT NULL REFERENCES jobs (name), expires_at TEXT NOT NULL
) STRICT;
CREATE TABLE bookmarks (
  source_id INTEGER NOT NULL REFERENCES sources, tap_stream_id TEXT NOT NULL, bookmark TEXT NOT NULL,
  table_version INTEGER NOT NULL, PRIMARY KEY (source_id, tap_stream_id)
) STRICT;
CREATE TABLE custom_emails (
  id INTEGER PRIMARY KEY, email_address TEXT NOT NULL, created_at TEXT NOT NULL, disabled_at TEXT
) STRICT;
CREATE TABLE hooks (
  id INTEGER PRIMARY KEY, type TEXT NOT NULL, destination_id INTEGER NOT NULL, url TEXT NOT NULL,
  created_at TEXT NOT NULL, modified_at TEXT NOT NULL, disabled_at TEXT
) STRICT;
CREATE TABLE hook_deliveries (
  number INTEGER PRIMARY KEY AUTOINCREMENT, hook_id INTEGER NOT NULL, url TEXT NOT NULL,
  source_id INTEGER NOT NULL REFERENCES sources, stream_name TEXT NOT NULL, body TEXT NOT NULL, status TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0, status_code INTEGER, error TEXT, created_at TEXT NOT NULL, ended_at TEXT
) STRICT;
CREATE INDEX waiting_hook_deliveries ON hook_deliveries (number) WHERE status = 'waiting';
CREATE TABLE import_tokens (
  id INTEGER PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES sources, digest TEXT NOT NULL UNIQUE,
  created_at TEXT NOT NULL
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
        self._is_closed = False
        if path is not None:
            self._prepare(path)
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
        try:
            # Exclusive: a second sandbox on the same file is refused at once, rather than two schedulers firing.
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("BEGIN EXCLUSIVE")
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            for script in [_MIGRATIONS[v] for v in range(version, _VERSION)] if version else [_SCHEMA]:
                _run(db, script)
            if version != _VERSION:
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

    def _prepare(self, path: Path) -> None:
        """Refuse what is not a sandbox's; make a new file so that its owner alone may read it."""
        try:
            if path.exists():
                self._refuse_foreign(path)
            else:
                # SQLite gives the files that it puts beside this one the same permissions.
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as error:
            raise StateFileError(
                f"The state file {path} cannot be opened ({error.strerror}). Give the path of a file in a folder that "
                "exists and that you may write to."
            ) from error

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
        with self._held():
            if self._db.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                # A commit that failed for good, as on a full disk, has taken everything back by itself.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Look at something, between changes and never in the middle of one."""
        with self._held():
            yield self._db

    def copy(self) -> sqlite3.Connection:
        """Copy everything into a database in memory, which is the caller's to close."""
        with self._held():
            copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._db.backup(copy)
        return copy

    def restore(self, copy: sqlite3.Connection) -> None:
        """Put a copy in place of everything: all of it in one transaction."""
        with self._held():
            copy.backup(self._db)

    def any_credential(self) -> bytes | None:
        """Give one sealed credential, whichever; None where there is none."""
        with self.read() as db:
            row = db.execute("SELECT sealed FROM credentials LIMIT 1").fetchone()
        return None if row is None else bytes(row["sealed"])

    def get_meta(self, key: str) -> str | None:
        """Read a note that the sandbox keeps for itself; None where there is none."""
        with self.read() as db:
            row = db.execute("SELECT value FROM account WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row["value"])

    def set_meta(self, key: str, value: str) -> None:
        """Keep a note, in place of the one before."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO account (key, value) VALUES (?, ?)", (key, value))

    def set_seed(self, seed: int | None) -> int:
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
            self._is_closed = True
            self._db.close()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep everybody else away for a while; refuse where it is closed."""
        with self._lock:
            if self._is_closed:
                raise SandboxError("The sandbox is closed: make a new one. One with a file goes on from where it was.")
            yield


def _run(db: sqlite3.Connection, script: str) -> None:
    """Run statements in the transaction that is under way, which ``executescript`` would end."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""
    if statement.strip():
        raise ValueError(f"this statement is not complete: {statement.strip()!r}")
