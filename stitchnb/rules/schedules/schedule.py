"""A source's schedule: which one its properties set, and when it starts extractions.

A schedule tells when an extraction starts, not when rows land. All times are UTC, in whole seconds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from stitchnb.errors import InvalidInputError
from stitchnb.models.base import format_time, parse_time
from stitchnb.rules.schedules.quartz import CronExpression, aware_utc, times_after

__all__ = ["DEFAULT_INTERVAL_MINUTES", "CronRule", "IntervalRule", "ScheduleRule", "fire_times", "schedule_rule"]

DEFAULT_INTERVAL_MINUTES = 60


@dataclass(frozen=True)
class IntervalRule:
    """Every so many minutes, counted from an anchor.

    Attributes
    ----------
    minutes
        1 or more.
    anchor
        In UTC, a whole second: the first fire, and the one that all others are counted from. None counts from the
        moment that is asked about.
    """

    minutes: int
    anchor: datetime | None = None

    def next_fire_time(self, after: datetime) -> datetime:
        """Tell when the next extraction starts.

        Parameters
        ----------
        after
            Aware.

        Returns
        -------
        datetime
            Strictly after `after`: the anchor itself while it lies ahead, else a whole number of intervals behind it.

        Raises
        ------
        InvalidInputError
            A ValueError: `after` is naive.
        """
        after = aware_utc(after, "after")
        interval = timedelta(minutes=self.minutes)
        anchor = after.replace(microsecond=0) if self.anchor is None else self.anchor
        if after < anchor:
            return anchor
        return anchor + ((after - anchor) // interval + 1) * interval

    def to_dict(self, next_fire_time: datetime | None) -> dict[str, Any]:
        """Write the schedule as the API shows it, with the given next fire."""
        return {
            "type": "interval",
            "unit": "minute",
            "interval": float(self.minutes),
            "next_fire_time": _written(next_fire_time),
        }


@dataclass(frozen=True)
class CronRule:
    """Whenever a Quartz cron expression fires."""

    cron: CronExpression

    def next_fire_time(self, after: datetime) -> datetime | None:
        """Tell when the next extraction starts.

        Parameters
        ----------
        after
            Aware.

        Returns
        -------
        datetime or None
            Strictly after `after`, in UTC. None if the expression never fires again.

        Raises
        ------
        InvalidInputError
            A ValueError: `after` is naive.
        """
        return self.cron.next_after(after)

    def to_dict(self, next_fire_time: datetime | None) -> dict[str, Any]:
        """Write the schedule as the API shows it, with the given next fire."""
        return {
            "type": "cron",
            "cron_expression": self.cron.expression,
            "next_fire_time": _written(next_fire_time),
        }


ScheduleRule: TypeAlias = IntervalRule | CronRule


def schedule_rule(
    properties: Mapping[str, str | None],
    *,
    default_interval_minutes: int | None = None,
    anchor: datetime | None = None,
) -> ScheduleRule:
    """Tell which schedule a source's properties set.

    ``cron_expression`` wins over everything; else ``frequency_in_minutes``, counted from ``anchor_time`` if that is
    given too; else the default interval of the source type. There is always a schedule. A property that is absent or
    None was not given.

    Parameters
    ----------
    properties
        Of the source, as it was created or updated; others than the three are not looked at.
    default_interval_minutes
        Of the source type, 1 or more. None takes 60.
    anchor
        Aware: when the source got its schedule. An interval without ``anchor_time`` counts from it; None counts from
        whatever moment is asked about.

    Returns
    -------
    IntervalRule or CronRule
        Anchors in UTC, their fraction of a second dropped, so that a fire is at the second that is shown.

    Raises
    ------
    CronError
        Quartz refuses ``cron_expression``; the message is Quartz's own.
    InvalidInputError
        A ValueError: ``frequency_in_minutes`` is not a whole number above 0, ``anchor_time`` is no date-time, or
        `anchor` is naive.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> rule = schedule_rule({"frequency_in_minutes": "360", "anchor_time": "2024-01-29T13:00:00Z"})
    >>> str(rule.next_fire_time(datetime(2024, 1, 29, 13, 0, tzinfo=UTC)))
    '2024-01-29 19:00:00+00:00'
    """
    expression = properties.get("cron_expression")
    if expression is not None:
        return CronRule(CronExpression.parse(expression))
    frequency = properties.get("frequency_in_minutes")
    anchor_time = properties.get("anchor_time")
    if frequency is not None:
        minutes = _minutes(frequency, "frequency_in_minutes")
    elif default_interval_minutes is not None:
        minutes = _minutes(str(default_interval_minutes), "default_interval_minutes")
    else:
        minutes = DEFAULT_INTERVAL_MINUTES
    if anchor_time is not None:
        anchor = parse_time(anchor_time)
        if anchor is None:
            raise InvalidInputError(
                f"anchor_time is {anchor_time!r}: give a date-time with its offset, such as 2019-01-07T23:23:08Z"
            )
    elif anchor is not None:
        anchor = aware_utc(anchor, "anchor")
    return IntervalRule(minutes, None if anchor is None else anchor.replace(microsecond=0))


def fire_times(rule: ScheduleRule, after: datetime | str, count: int = 5) -> list[datetime]:
    """List when a schedule starts extractions next.

    Parameters
    ----------
    rule
        From `schedule_rule`.
    after
        Aware, or a text such as ``2026-03-20T16:00:00Z``; only times strictly after it are listed.
    count
        How many times at most, 0 or more.

    Returns
    -------
    list of datetime
        Ascending, aware, in UTC, whole seconds. Fewer than `count` when a cron expression stops firing.

    Raises
    ------
    InvalidInputError
        A ValueError: `after` is naive or `count` negative.
    """
    return times_after(rule.next_fire_time, after=after, count=count)


def _minutes(text: str, name: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text) and int(text) > 0:
        return int(text)
    raise InvalidInputError(f"{name} is {text!r}: give a whole number of minutes above 0, such as 60")


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
