"""The ways in which a Quartz cron expression picks days, month and year aside.

Each rule answers one question, `on_or_after`: the first day it picks that is not before a cursor. Days of the week run
from 1 (Sunday) to 7 (Saturday).
"""

from __future__ import annotations

from bisect import bisect_left
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

SUNDAY = 1
SATURDAY = 7


class DayRule(Protocol):
    """Which days match, months and years aside."""

    def on_or_after(self, cursor: date) -> date | None:
        """Find the first such day from the cursor on, None if there is none in any month."""


@dataclass(frozen=True)
class DaysOfMonth:
    """``1,15``: the numbers given; a month that lacks one passes it over."""

    days: tuple[int, ...]

    def on_or_after(self, cursor: date) -> date | None:
        while self.days:
            later = bisect_left(self.days, cursor.day)
            if later < len(self.days) and self.days[later] <= _length(cursor):
                return cursor.replace(day=self.days[later])
            cursor = _next_month(cursor)
        return None


@dataclass(frozen=True)
class LastDayOfMonth:
    """``L`` and ``L-3``: a month too short for the offset has no such day."""

    offset: int

    def on_or_after(self, cursor: date) -> date:
        while (day := _length(cursor) - self.offset) < cursor.day:
            cursor = _next_month(cursor)
        return cursor.replace(day=day)


@dataclass(frozen=True)
class LastNearestWeekday:
    """``LW`` and ``L-3W``: the weekday nearest to a day counted from the end of the month."""

    offset: int

    def on_or_after(self, cursor: date) -> date:
        while (found := _nearest_weekday(cursor, _length(cursor) - self.offset)) < cursor:
            cursor = _next_month(cursor)
        return found


@dataclass(frozen=True)
class NearestWeekday:
    """``15W``: the weekday nearest to a day, in the same month.

    A day that a short month lacks is taken for one of the next month, so that ``31W`` may fall on Friday 30 April.
    Quartz only sees that when it enters the month on its first day: past this month's day it goes straight to the
    same number in the next month, and from there possibly on to the month after.
    """

    day: int

    def on_or_after(self, cursor: date) -> date | None:
        if self.day < 1:
            return None
        found = _nearest_weekday(cursor, self.day)
        if found < cursor:
            cursor = _next_month(cursor) + timedelta(days=self.day - 1)
            found = _nearest_weekday(cursor, self.day)
        while found.month != cursor.month:
            cursor = found
            found = _nearest_weekday(cursor, self.day)
        return found


@dataclass(frozen=True)
class DaysOfWeek:
    """``MON-FRI``: 1 is Sunday."""

    weekdays: tuple[int, ...]

    def on_or_after(self, cursor: date) -> date | None:
        if not self.weekdays:
            return None
        today = _weekday(cursor)
        return cursor + timedelta(days=min((weekday - today) % 7 for weekday in self.weekdays))


@dataclass(frozen=True)
class LastDayOfWeek:
    """``6L``: the last Friday of the month."""

    weekday: int

    def on_or_after(self, cursor: date) -> date:
        while (found := self._of_month(cursor)) < cursor:
            cursor = _next_month(cursor)
        return found

    def _of_month(self, month: date) -> date:
        last = month.replace(day=_length(month))
        return last - timedelta(days=(_weekday(last) - self.weekday) % 7)


@dataclass(frozen=True)
class NthDayOfWeek:
    """``6#3``: the third Friday of the month; a month without a fifth one passes it over."""

    weekday: int
    nth: int

    def on_or_after(self, cursor: date) -> date | None:
        # Quartz takes 0 for Saturday here, and looks for a day 8 or later in vain.
        if self.weekday > SATURDAY:
            return None
        while True:
            first = (self.weekday - _weekday(cursor.replace(day=1))) % 7 + 1
            day = first + 7 * (self.nth - 1)
            if cursor.day <= day <= _length(cursor):
                return cursor.replace(day=day)
            cursor = _next_month(cursor)


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _nearest_weekday(month: date, day: int) -> date:
    """Find the weekday nearest to a day of a month; the day may lie outside it."""
    found = month.replace(day=1) + timedelta(days=day - 1)
    weekday = _weekday(found)
    if weekday == SATURDAY:
        return found + timedelta(days=2 if day == 1 else -1)
    if weekday == SUNDAY:
        return found + timedelta(days=-2 if day == _length(month) else 1)
    return found
