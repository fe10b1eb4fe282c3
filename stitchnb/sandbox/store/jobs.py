"""Jobs in the state: how each ended, the progress of its streams, its log, bookmarks and the last loads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Part = tuple[int | None, str | None]
"""Exit status and description of one part of a job."""

_JOBS = "SELECT jobs.*, sources.name AS source_name FROM jobs JOIN sources ON sources.id = jobs.source_id"


@dataclass(frozen=True)
class Bookmark:
    """How far a stream has been loaded, and into which version of its table."""

    value: dict[str, Any]
    table_version: int


def add(db: sqlite3.Connection, name: str, source_id: int, now: str) -> None:
    """Add a job that is running."""
    db.execute(
        "INSERT INTO jobs (name, source_id, status, start_time) VALUES (?, ?, 'running', ?)", (name, source_id, now)
    )


def finish(
    db: sqlite3.Connection, name: str, status: str, now: str, *, discovery: Part, tap: Part, target: Part
) -> None:
    """Record how a job and its parts ended."""
    db.execute(
        "UPDATE jobs SET status = ?, completion_time = ?, discovery_exit_status = ?, "
        "discovery_description = ?, tap_exit_status = ?, tap_description = ?, target_exit_status = ?, "
        "target_description = ? WHERE name = ?",
        (status, now, *discovery, *tap, *target, name),
    )


def running_of_source(db: sqlite3.Connection, source_id: int) -> str | None:
    """Return the name of a source's running job; None when none is running."""
    row = db.execute("SELECT name FROM jobs WHERE source_id = ? AND status = 'running'", (source_id,)).fetchone()
    return None if row is None else row["name"]


def list_running(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return the name and source id of each running job."""
    rows = db.execute("SELECT name, source_id FROM jobs WHERE status = 'running' ORDER BY number")
    return [(row["name"], row["source_id"]) for row in rows]


def exists(db: sqlite3.Connection, name: str) -> bool:
    """Whether a job of this name has run or is running."""
    return db.execute("SELECT 1 FROM jobs WHERE name = ?", (name,)).fetchone() is not None


def get(db: sqlite3.Connection, name: str) -> Any:
    """Return a job with its source's name; None when there is none."""
    return db.execute(f"{_JOBS} WHERE jobs.name = ?", (name,)).fetchone()


def list_all(db: sqlite3.Connection, source_id: int | None = None) -> list[sqlite3.Row]:
    """Return every job, or those of one source, with the source's name, oldest first."""
    return db.execute(
        f"{_JOBS} WHERE :source_id IS NULL OR jobs.source_id = :source_id ORDER BY jobs.number",
        {"source_id": source_id},
    ).fetchall()


def list_extractions(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the last completed job of each source, with the source's type."""
    return db.execute(
        "SELECT jobs.*, sources.type FROM jobs JOIN sources ON sources.id = jobs.source_id "
        "WHERE number IN (SELECT max(number) FROM jobs WHERE completion_time IS NOT NULL GROUP BY source_id) "
        "ORDER BY source_id"
    ).fetchall()


def last_ended_at(db: sqlite3.Connection, source_id: int) -> str | None:
    """Return when a source's last job ended, its loads included."""
    (last,) = db.execute(
        "SELECT max((SELECT completion_time FROM jobs WHERE source_id = ?1 ORDER BY number DESC LIMIT 1), "
        "coalesce((SELECT max(last_batch_loaded_at) FROM loads WHERE source_id = ?1), ''))",
        (source_id,),
    ).fetchone()
    return last  # type: ignore[no-any-return]


# -- progress ---------------------------------------------------------------------------------------------------------


def add_streams(db: sqlite3.Connection, job_name: str, streams: Iterable[tuple[str, str, Any]]) -> None:
    """Add the streams of a job: tap stream id, name, and the number of rows that are expected or None."""
    db.executemany(
        "INSERT INTO job_streams (job_name, tap_stream_id, stream_name, position, rows_expected) "
        "VALUES (?, ?, ?, ?, ?)",
        [(job_name, tap_id, name, position, rows) for position, (tap_id, name, rows) in enumerate(streams)],
    )


def count_batch(
    db: sqlite3.Connection, job_name: str, tap_stream_id: str, *, loaded: int, rejected: int, seconds: float, now: str
) -> None:
    """Add one batch to the progress of a stream, which is running then."""
    db.execute(
        "UPDATE job_streams SET state = 'running', rows_loaded = rows_loaded + ?, "
        "rows_rejected = rows_rejected + ?, seconds = seconds + ?, last_batch_at = ? "
        "WHERE job_name = ? AND tap_stream_id = ?",
        (loaded, rejected, seconds, now, job_name, tap_stream_id),
    )


def move_streams(db: sqlite3.Connection, job_name: str, *, before: str, after: str) -> None:
    """Give another state to the streams of a job that are in one."""
    db.execute("UPDATE job_streams SET state = ? WHERE job_name = ? AND state = ?", (after, job_name, before))


def list_streams(db: sqlite3.Connection, job_name: str) -> list[sqlite3.Row]:
    """Return the streams of a job with their bookmarks, in the order of the job."""
    return db.execute(
        "SELECT job_streams.*, bookmarks.bookmark FROM job_streams JOIN jobs ON jobs.name = job_streams.job_name "
        "LEFT JOIN bookmarks ON bookmarks.source_id = jobs.source_id "
        "AND bookmarks.tap_stream_id = job_streams.tap_stream_id "
        "WHERE job_streams.job_name = ? ORDER BY job_streams.position",
        (job_name,),
    ).fetchall()


# -- bookmarks and loads ----------------------------------------------------------------------------------------------


def bookmarks(db: sqlite3.Connection, source_id: int) -> dict[str, Bookmark]:
    """Return the bookmarks of a source by tap stream id."""
    rows = db.execute("SELECT * FROM bookmarks WHERE source_id = ?", (source_id,))
    return {row["tap_stream_id"]: Bookmark(json.loads(row["bookmark"]), int(row["table_version"])) for row in rows}


def save_bookmark(
    db: sqlite3.Connection, source_id: int, tap_stream_id: str, bookmark: Mapping[str, Any], table_version: int
) -> None:
    """Store the bookmark of a stream, in place of the one before."""
    db.execute(
        "INSERT OR REPLACE INTO bookmarks (source_id, tap_stream_id, bookmark, table_version) VALUES (?, ?, ?, ?)",
        (source_id, tap_stream_id, json.dumps(dict(bookmark)), table_version),
    )


def save_loads(
    db: sqlite3.Connection, source_id: int, errors: Mapping[str, Mapping[str, Any] | None], now: str
) -> None:
    """Record the last load of each stream; one that failed keeps the time of the last one that succeeded."""
    db.executemany(
        "INSERT INTO loads (source_id, stream_name, last_batch_loaded_at, error_state) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (source_id, stream_name) DO UPDATE SET error_state = excluded.error_state, "
        "last_batch_loaded_at = coalesce(excluded.last_batch_loaded_at, last_batch_loaded_at)",
        [
            (source_id, name, None if error else now, json.dumps(error) if error else None)
            for name, error in errors.items()
        ],
    )


def list_loads(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Return the last load of each stream, with the source's name."""
    return db.execute(
        "SELECT loads.*, sources.name FROM loads JOIN sources ON sources.id = loads.source_id "
        "ORDER BY stream_name, source_id"
    ).fetchall()


# -- logs -------------------------------------------------------------------------------------------------------------


def add_log_line(db: sqlite3.Connection, job_name: str, line: str) -> None:
    """Add a line to the log of a job."""
    db.execute("INSERT INTO job_logs (job_name, line) VALUES (?, ?)", (job_name, line))


def log_lines(db: sqlite3.Connection, job_name: str, last: int | None = None) -> list[str]:
    """Return the log of a job in order, or only its last lines."""
    rows = db.execute(
        "SELECT line FROM job_logs WHERE job_name = ? ORDER BY number DESC LIMIT ?",
        (job_name, -1 if last is None else last),
    ).fetchall()
    return [row["line"] for row in reversed(rows)]
