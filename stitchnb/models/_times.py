"""Times on the wire: ISO 8601 UTC in, aware datetimes out, and back."""

from __future__ import annotations

from datetime import UTC, datetime


def parse_time(text: object) -> datetime | None:
    """Read one of the API's times.

    Parameters
    ----------
    text
        Such as ``2020-03-20T16:06:19Z`` or ``2019-01-07T23:23:08.116Z``; any offset.

    Returns
    -------
    datetime or None
        Aware, in UTC. None for what is no time, because an answer is never refused for one odd value.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        # Overflow: at the edges of the calendar an offset leads out of it.
        return None


def format_time(moment: datetime) -> str:
    """Write an aware datetime as the API does: UTC, whole seconds, ``Z``.

    Raises
    ------
    ValueError
        For a naive datetime, whose instant nobody knows.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: give an aware datetime, such as {moment!r} with tzinfo=UTC")
    # Not by strftime, which writes years before 1000 with fewer digits than the format has.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
