"""Quartz cron: when an expression such as ``0 0 12 ? * MON-FRI *`` fires, in UTC.

Six or seven fields, ``second minute hour day-of-month month day-of-week [year]``, case-insensitive, days of the week
from 1 (Sunday) to 7 (Saturday). This is Quartz as it behaves, not only as it is documented, because that is what
decides when a source is extracted: what follows a complete value is passed over (``0X`` is ``0``), a step of 0 is no
step, ``W`` takes the smallest number of its list alone, and ``99`` and ``98`` are other spellings of ``*`` and ``?``.
Where Quartz would search for ever (``0W``, ``L-30W`` in February), that month is passed over; an expression whose time
fields hold no value at all, such as ``L`` for the minutes, never fires.

Nothing fires after `LAST_YEAR`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from stitchnb.errors import InvalidInputError
from stitchnb.rules.schedules._quartz_days import (
    SATURDAY,
    SUNDAY,
    DayRule,
    DaysOfMonth,
    DaysOfWeek,
    LastDayOfMonth,
    LastDayOfWeek,
    LastNearestWeekday,
    NearestWeekday,
    NthDayOfWeek,
)

__all__ = ["LAST_YEAR", "CronError", "CronExpression", "next_fire_times"]

LAST_YEAR = 2099


class CronError(InvalidInputError):
    """An expression that Quartz refuses.

    Attributes
    ----------
    message
        Quartz's own words, without what to do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = message
        super().__init__(f"{message} {hint}".rstrip())


def next_fire_times(expression: str, *, after: datetime | str, count: int = 5) -> list[datetime]:
    """List when a Quartz cron expression fires next.

    Parameters
    ----------
    expression
        Six or seven fields, such as ``0 0 12 ? * MON-FRI``.
    after
        Aware, or a text such as ``2026-03-20T16:00:00Z``; only times strictly after it are listed.
    count
        How many times at most, 0 or more.

    Returns
    -------
    list of datetime
        Ascending, aware, in UTC, whole seconds. Fewer than `count` when the expression stops firing.

    Raises
    ------
    CronError
        Quartz refuses the expression: in its own words, and of five fields with the same in six.
    InvalidInputError
        A ValueError: `after` is naive or `count` negative.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> [str(t) for t in next_fire_times("0 0 12 ? * 6L", after=datetime(2024, 1, 29, tzinfo=UTC), count=2)]
    ['2024-02-23 12:00:00+00:00', '2024-03-29 12:00:00+00:00']
    """
    return times_after(CronExpression.parse(expression).next_after, after=after, count=count)


def times_after(
    next_after: Callable[[datetime], datetime | None], *, after: datetime | str, count: int
) -> list[datetime]:
    """Ask for the next time again and again: up to `count` of them, the first one strictly after `after`."""
    if count < 0:
        raise InvalidInputError(f"count must be 0 or more, not {count}")
    moment = aware_utc(after, "after")
    times: list[datetime] = []
    while len(times) < count and (fire := next_after(moment)) is not None:
        times.append(fire)
        moment = fire
    return times


def aware_utc(moment: datetime | str, name: str) -> datetime:
    """Bring an aware datetime, or a text of one, to UTC; anything else, called `name` in the message, is refused."""
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError as error:
            raise InvalidInputError(f"{name} is {moment!r}: give a time such as 2026-03-20T16:00:00Z") from error
    if not isinstance(moment, datetime):
        raise InvalidInputError(f"{name} is {moment!r}: give an aware datetime, or a text such as 2026-03-20T16:00:00Z")
    if moment.utcoffset() is None:
        raise InvalidInputError(
            f"{name} has no time zone ({moment.isoformat()}): give an aware datetime, e.g. with tzinfo=UTC"
        )
    return moment.astimezone(UTC)


@dataclass(frozen=True)
class CronExpression:
    """A Quartz cron expression, read and ready to be asked when it fires.

    Attributes
    ----------
    expression
        As it was given.
    seconds, minutes, hours, months, years
        The values that match, ascending.
    day_rule
        Which days match.
    """

    expression: str
    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    day_rule: DayRule

    @classmethod
    def parse(cls, expression: str) -> CronExpression:
        """Read an expression.

        Raises
        ------
        CronError
            Quartz refuses it: in its own words, and of five fields with the same in six.
        """
        reader = _Reader()
        try:
            reader.read(expression.upper())
        except CronError as error:
            raise CronError(error.message, hint=fields_hint(expression)) from None
        return cls(
            expression=expression,
            seconds=reader.matching(_SECOND),
            minutes=reader.matching(_MINUTE),
            hours=reader.matching(_HOUR),
            months=reader.matching(_MONTH),
            years=tuple(sorted(year for year in reader.values[_YEAR] if 1 <= year <= LAST_YEAR)),
            day_rule=reader.day_rule(),
        )

    def next_after(self, moment: datetime) -> datetime | None:
        """Tell when it fires next.

        Parameters
        ----------
        moment
            Aware.

        Returns
        -------
        datetime or None
            Strictly after `moment`, in UTC, a whole second. None if it never fires again.

        Raises
        ------
        InvalidInputError
            A ValueError: `moment` is naive.
        """
        moment = aware_utc(moment, "moment")
        if moment.year > LAST_YEAR or not (self.seconds and self.minutes and self.hours):
            return None
        start = moment.replace(microsecond=0) + timedelta(seconds=1)
        today = start.date()
        time = self._time_from(start.hour, start.minute, start.second)
        day = self._day_from(today if time is not None else today + timedelta(days=1))
        if day is None:
            return None
        if day != today or time is None:
            time = self.hours[0], self.minutes[0], self.seconds[0]
        return datetime(day.year, day.month, day.day, *time, tzinfo=UTC)

    def _time_from(self, hour: int, minute: int, second: int) -> tuple[int, int, int] | None:
        """Find the first matching time of a day that is not before the given one."""
        hours, minutes, seconds = self.hours, self.minutes, self.seconds
        at_hour = bisect_left(hours, hour)
        if at_hour < len(hours) and hours[at_hour] == hour:
            at_minute = bisect_left(minutes, minute)
            if at_minute < len(minutes) and minutes[at_minute] == minute:
                at_second = bisect_left(seconds, second)
                if at_second < len(seconds):
                    return hour, minute, seconds[at_second]
                at_minute += 1
            if at_minute < len(minutes):
                return hour, minutes[at_minute], seconds[0]
            at_hour += 1
        return (hours[at_hour], minutes[0], seconds[0]) if at_hour < len(hours) else None

    def _day_from(self, cursor: date) -> date | None:
        """Find the first matching day that is not before the cursor."""
        months, years = self.months, self.years
        if not (months and years):
            return None
        cursor = max(cursor, date(years[0], 1, 1))
        while cursor.year <= years[-1]:
            day = self.day_rule.on_or_after(cursor)
            if day is None:
                return None
            later_month = bisect_left(months, day.month)
            later_year = bisect_left(years, day.year)
            if later_month == len(months):
                cursor = date(day.year + 1, months[0], 1)
            elif months[later_month] != day.month:
                cursor = date(day.year, months[later_month], 1)
            elif later_year == len(years):
                return None
            elif years[later_year] != day.year:
                cursor = date(years[later_year], 1, 1)
            else:
                return day
        return None


@dataclass(frozen=True)
class _Field:
    """The values of one field, and the words in which Quartz refuses others."""

    first: int
    last: int
    refusal: str = ""

    @property
    def size(self) -> int:
        return self.last - self.first + 1


_SECOND, _MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY, _YEAR = range(7)
_FIELDS = (
    _Field(0, 59, "Minute and Second values must be between 0 and 59"),
    _Field(0, 59, "Minute and Second values must be between 0 and 59"),
    _Field(0, 23, "Hour values must be between 0 and 23"),
    _Field(1, 31, "Day of month values must be between 1 and 31"),
    _Field(1, 12, "Month values must be between 1 and 12"),
    _Field(1, 7, "Day-of-Week values must be between 1 and 7"),
    _Field(1970, LAST_YEAR),
)
_MONTH_NAMES = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAY_NAMES = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]

# Quartz keeps its `*` and `?` among the values, so these two numbers are accepted in their place.
_EVERY = 99
_UNSPECIFIED = 98

_LAST = re.compile(r"L|LW|L-[0-9]*W?")
_BLANKS = "".join(map(chr, range(33)))


class _Reader:
    """Collects the values of each field, and the marks (``L``, ``W``, ``#``) beside them."""

    def __init__(self) -> None:
        self.values: tuple[set[int], ...] = tuple(set() for _ in _FIELDS)
        self.last_day = False
        self.last_day_offset = 0
        self.nearest_weekday = False
        self.last_weekday = False
        self.nth = 0

    def matching(self, field: int) -> tuple[int, ...]:
        bounds = _FIELDS[field]
        return tuple(sorted(v for v in self.values[field] if bounds.first <= v <= bounds.last))

    def day_rule(self) -> DayRule:
        if _UNSPECIFIED in self.values[_WEEKDAY]:
            if self.last_day:
                offset = self.last_day_offset
                return LastNearestWeekday(offset) if self.nearest_weekday else LastDayOfMonth(offset)
            if self.nearest_weekday:
                return NearestWeekday(min(self.values[_DAY]))
            return DaysOfMonth(self.matching(_DAY))
        if self.last_weekday:
            return LastDayOfWeek(min(self.values[_WEEKDAY]))
        if self.nth:
            return NthDayOfWeek(min(self.values[_WEEKDAY]), self.nth)
        return DaysOfWeek(self.matching(_WEEKDAY))

    def read(self, expression: str) -> None:
        texts = [text.strip(_BLANKS) for text in re.split(r"[ \t]+", expression) if text][: len(_FIELDS)]
        for field, text in enumerate(texts):
            _refuse_mixtures(field, text)
            for item in text.split(","):
                if item:
                    self._item(field, item)
        if len(texts) <= _WEEKDAY:
            raise CronError("Unexpected end of expression.")
        if len(texts) <= _YEAR:
            self._add(_YEAR, _EVERY)
        if (_UNSPECIFIED in self.values[_DAY]) == (_UNSPECIFIED in self.values[_WEEKDAY]):
            raise CronError(
                "Support for specifying both a day-of-week AND a day-of-month parameter is not implemented."
            )

    def _item(self, field: int, text: str) -> None:
        head = text[0]
        if "A" <= head <= "Z" and not _LAST.fullmatch(text):
            self._named(field, text)
        elif head == "?":
            self._unspecified(field, text)
        elif head in "*/":
            self._every(field, text)
        elif head == "L":
            self._last(field, text)
        elif "0" <= head <= "9":
            self._numbered(field, text)
        else:
            raise CronError(f"Unexpected character: {head}")

    def _named(self, field: int, text: str) -> None:
        start = _name(field, text, 0)
        mark = text[3:4]
        if mark == "-":
            self._add(field, start, _name(field, text, 4), 1)
            return
        if field == _WEEKDAY and mark == "#":
            self.nth = _nth(text[4:])
        elif field == _WEEKDAY and mark == "L":
            self.last_weekday = True
        self._add(field, start)

    def _unspecified(self, field: int, text: str) -> None:
        if len(text) > 2:
            raise CronError(f"Illegal character after '?': {text[1]}")
        if field not in (_DAY, _WEEKDAY):
            raise CronError("'?' can only be specified for Day-of-Month or Day-of-Week.")
        if field == _WEEKDAY and not self.last_day:
            if not self.values[_DAY]:
                raise _broken("java.util.NoSuchElementException")
            if max(self.values[_DAY]) == _UNSPECIFIED:
                raise CronError("'?' can only be specified for Day-of-Month -OR- Day-of-Week.")
        self._add(field, _UNSPECIFIED)

    def _every(self, field: int, text: str) -> None:
        step = 0
        if text == "/":
            raise CronError("'/' must be followed by an integer.")
        if text == "*/":
            raise CronError("Unexpected end of string.")
        if text != "*":
            after_star = text.removeprefix("*")
            step = _integer(after_star[1:]) if after_star[0] == "/" else 1
            _check_step(field, step)
        self._add(field, _EVERY, None, step)

    def _last(self, field: int, text: str) -> None:
        if field == _WEEKDAY:
            self._add(field, SATURDAY)
        if field != _DAY:
            return
        self.last_day = True
        if text.startswith("L-"):
            _character(text, 2)
            self.last_day_offset = _integer("0" + text[2:].removesuffix("W"))
            if self.last_day_offset > 30:
                raise CronError("Offset from last day must be <= 30")
        if text.endswith("W"):
            self.nearest_weekday = True

    def _numbered(self, field: int, text: str) -> None:
        value, at = _number(text, 0)
        mark = text[at : at + 1]
        if mark == "-":
            end, at = _number(text, at + 1)
            step = _number(text, at + 1)[0] if text[at : at + 1] == "/" else 1
            self._add(field, value, end, step)
        elif mark == "/":
            if at + 1 == len(text):
                raise CronError("'/' must be followed by an integer.")
            step, stop = _number(text, at + 1)
            if stop == at + 2 and stop < len(text):
                raise CronError(f"Unexpected character '{text[stop]}' after '/'")
            _check_step(field, step)
            self._add(field, value, None, step)
        elif mark and mark in "LW#":
            self._marked(field, value, text, at)
        else:
            self._add(field, value)

    def _marked(self, field: int, value: int, text: str, at: int) -> None:
        mark = text[at]
        if field != (_DAY if mark == "W" else _WEEKDAY):
            raise CronError(f"'{mark}' option is not valid here. (pos={at})")
        if mark == "L":
            if not SUNDAY <= value <= SATURDAY:
                raise CronError(_FIELDS[_WEEKDAY].refusal)
            self.last_weekday = True
        elif mark == "W":
            if value > 31:
                raise CronError(
                    "The 'W' option does not make sense with values larger than 31 (max number of days in a month)"
                )
            self.nearest_weekday = True
        else:
            self.nth = _nth(text[at + 1 :])
        self.values[field].add(value)

    def _add(self, field: int, start: int, end: int | None = None, step: int = 0) -> None:
        """Add a value, or with a step the values from `start` on, over the field's end if `end` is before it."""
        bounds, values = _FIELDS[field], self.values[field]
        free = start == _EVERY or field == _YEAR or (start == _UNSPECIFIED and field in (_DAY, _WEEKDAY))
        if not free and (not bounds.first <= start <= bounds.last or (end is not None and end > bounds.last)):
            raise CronError(bounds.refusal)
        if start == _EVERY:
            start = bounds.first
            if step <= 0:
                step = 1
                values.add(_EVERY)
        elif step == 0:
            values.add(start)
            return
        if end is None:
            end = bounds.last
        if start <= end:
            values.update(range(start, min(end, max(bounds.last, _EVERY)) + 1, step))
        elif field == _YEAR:
            raise _broken("java.lang.IllegalArgumentException: Start year must be less than stop year")
        else:
            wrapped = range(start - bounds.first, end + bounds.size - bounds.first + 1, step)
            values.update(bounds.first + offset % bounds.size for offset in wrapped)


def _refuse_mixtures(field: int, text: str) -> None:
    if "L" in text and "," in text:
        if field == _DAY:
            raise CronError("Support for specifying 'L' and 'LW' with other days of the month is not implemented")
        if field == _WEEKDAY:
            raise CronError("Support for specifying 'L' with other days of the week is not implemented")
    if field == _WEEKDAY and text.count("#") > 1:
        raise CronError('Support for specifying multiple "nth" days is not implemented.')


def _check_step(field: int, step: int) -> None:
    bounds = _FIELDS[field]
    if field != _YEAR and step > bounds.last:
        raise CronError(f"Increment > {bounds.size} : {step}")


def _name(field: int, text: str, at: int) -> int:
    name = text[at : at + 3]
    if len(name) < 3:
        raise _broken(f"{_OUT_OF_BOUNDS}: begin {at}, end {at + 3}, length {len(text)}")
    if field not in (_MONTH, _WEEKDAY):
        raise CronError(f"Illegal characters for this position: '{name}'")
    names, kind = (_MONTH_NAMES, "Month") if field == _MONTH else (_DAY_NAMES, "Day-of-Week")
    if name not in names:
        raise CronError(f"Invalid {kind} value: '{name}'")
    return names.index(name) + 1


def _number(text: str, at: int) -> tuple[int, int]:
    """Read the number that begins at a position, and tell where it ends."""
    first = _integer(_character(text, at))
    stop = at + 1
    while stop < len(text) and "0" <= text[stop] <= "9":
        stop += 1
    return (_integer(f"{first}{text[at + 1 : stop]}") if stop > at + 1 else first), stop


def _nth(text: str) -> int:
    refusal = CronError("A numeric value between 1 and 5 must follow the '#' option")
    try:
        nth = _integer(text)
    except CronError:
        raise refusal from None
    if not 1 <= nth <= 5:
        raise refusal
    return nth


def _character(text: str, at: int) -> str:
    if at >= len(text):
        raise _broken(f"{_OUT_OF_BOUNDS}: String index out of range: {at}")
    return text[at]


def _integer(text: str) -> int:
    """Read a 32-bit integer as Java does."""
    if re.fullmatch(r"[+-]?\d{1,18}", text) and -(2**31) <= int(text) < 2**31:
        return int(text)
    raise _broken(f'java.lang.NumberFormatException: For input string: "{text}"')


_OUT_OF_BOUNDS = "java.lang.StringIndexOutOfBoundsException"


def _broken(cause: str) -> CronError:
    """What Quartz says where its own reading of the expression breaks down."""
    return CronError(f"Illegal cron expression format ({cause})")


# Five-field cron, as Unix accepts it.
_UNIX_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNIX_ANY = ("*", "?")
# A day's number, but not the step after a slash.
_UNIX_DAY = re.compile(r"(?<![/\d])[0-7](?!\d)")


def fields_hint(expression: str) -> str:
    """Say what Quartz expects where an expression has too few fields; empty where it has enough."""
    fields = expression.upper().split()
    if len(fields) > 5:
        return ""
    quartz = _unix_to_quartz(fields) if len(fields) == 5 else None
    message = "Quartz expects six or seven fields, seconds first"
    return f'{message}: "{quartz}".' if quartz else f'{message}, such as "0 0 12 * * ?".'


def _unix_to_quartz(fields: list[str]) -> str | None:
    """Write the five fields of Unix cron for Quartz; None where Quartz has no equivalent."""
    minute, hour, day, month, weekday = fields
    if weekday in _UNIX_ANY:
        return f"0 {minute} {hour} {'*' if day in _UNIX_ANY else day} {month} ?"
    # With two days Unix fires on either, and Quartz accepts one. Quartz ignores a step after a name.
    if day not in _UNIX_ANY or ("/" in weekday and not weekday.startswith("*")):
        return None
    # Unix counts days from 0, and both 0 and 7 are Sunday. Quartz counts from 1.
    return f"0 {minute} {hour} ? {month} {_UNIX_DAY.sub(lambda match: _UNIX_DAYS[int(match[0]) % 7], weekday)}"
