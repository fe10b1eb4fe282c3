"""What a page shows of a job's streams: their phases in words, their rows, and how far they are."""

from __future__ import annotations

from typing import Any

from stitchnb.client import JobLook
from stitchnb.client.jobs.streams import JobStream
from stitchnb.models import format_time

_MOST_STREAMS = 50

# What a phase is called where its own name says too little.
_WORDS = {"tap": "being extracted", "target": "waits for its load"}
_TONES = {"loaded": "ok", "failed": "error", "broken off": "warn"}


def streams_block(seen: JobLook) -> dict[str, Any]:
    """Describe the table of a job's streams, for a page that has ``job_streams.js``.

    Rows and rates are told where a sandbox tells them; for a real account each stream's last load stands there.
    """
    shown = sorted(seen.table, key=_rank)[:_MOST_STREAMS] if len(seen.table) > _MOST_STREAMS else seen.table
    return {
        "kind": "streams",
        "tells_rows": seen.tells_rows,
        "is_over": seen.is_over,
        "rows": [_row(stream) for stream in shown],
        "more": len(seen.table) - len(shown),
    }


def moment_words(moment: Any) -> str:
    """Write a time of day and its date, in UTC; nothing where there is none."""
    return format_time(moment).replace("T", " ").removesuffix("Z") if moment is not None else ""


def _rank(stream: JobStream) -> bool:
    """Where there is not room for all, what goes on and what went wrong comes first."""
    return stream.phase not in ("tap", "target", "failed")


def _row(stream: JobStream) -> dict[str, Any]:
    words = f"failed: {stream.failure}" if stream.failure else _WORDS.get(stream.phase, stream.phase)
    if stream.rows_rejected:
        words += f", {stream.rows_rejected:,} rejected"
    return {
        "name": stream.name,
        "phase": words,
        "tone": "warn" if stream.rows_rejected and not stream.failure else _TONES.get(stream.phase, "mute"),
        "rows": stream.rows,
        "rate": None if stream.rows_per_s is None else round(stream.rows_per_s),
        "share": stream.share,
        "moves": stream.phase == "tap",
        "loaded": moment_words(stream.loaded_at),
    }
