"""Moments as whole seconds since 1970, and as the texts that records and bookmarks hold."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

_DAY_S = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def seconds_of(moment: datetime) -> int:
    """Unix time of an aware moment, the fraction cut off."""
    return math.floor((moment - _EPOCH).total_seconds())


def text_of(seconds: int) -> str:
    """RFC 3339 text in UTC, such as ``2026-01-01T00:00:00Z``."""
    day, rest = divmod(seconds, _DAY_S)
    minutes, second = divmod(rest, 60)
    return f"{_day_text(day)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def seconds_from(value: Any) -> int | None:
    """Unix time of a text, a fraction rounded up so that nothing earlier counts as later; None if it is no moment.

    A text without a zone is UTC.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return math.ceil((moment - _EPOCH).total_seconds())


@lru_cache(maxsize=8192)
def _day_text(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).strftime("%Y-%m-%d")
