"""Quartz cron expressions in words, for the forms that most schedules have."""

from __future__ import annotations

import re

from stitchnb.rules.schedules.quartz import CronExpression

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_SHORT_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NTH = ("first", "second", "third", "fourth", "fifth")
_MOST_TIMES = 6


def cron_words(cron: CronExpression | str) -> str:
    """Say when an expression fires, in words.

    Parameters
    ----------
    cron
        An expression that Quartz takes.

    Returns
    -------
    str
        Such as ``At 12:00 UTC, Monday to Friday.``; the expression itself where it has no common form.

    Raises
    ------
    CronError
        Quartz refuses the expression: in its own words, and of five fields with the same in six.

    Examples
    --------
    >>> cron_words("0 0 12 ? * MON-FRI *")
    'At 12:00 UTC, Monday to Friday.'
    """
    cron = CronExpression.parse(cron) if isinstance(cron, str) else cron
    fields = cron.expression.upper().split()
    time = _time(cron)
    days = _days(cron, fields[3], fields[5])
    months = _months(cron)
    years = _years(cron, fields)
    if time is None or days is None or months is None or years is None:
        return cron.expression
    return "".join(part for part in (time, days, months, years) if part) + "."


def _time(cron: CronExpression) -> str | None:
    seconds, minutes, hours = cron.seconds, cron.minutes, cron.hours
    if not (seconds and minutes and hours):
        return None
    if len(seconds) > 1:
        step = _step(seconds, 60)
        return f"Every {_counted(step, 'second')}" if step and len(minutes) == 60 and len(hours) == 24 else None
    if len(minutes) * len(hours) <= _MOST_TIMES:
        second = f":{seconds[0]:02}" if seconds[0] else ""
        times = [f"{hour:02}:{minute:02}{second}" for hour in hours for minute in minutes]
        return f"At {_listed(times)} UTC"
    if seconds[0]:
        return None
    between = _between(hours)
    if len(minutes) > 1:
        step = _step(minutes, 60)
        return f"Every {_counted(step, 'minute')}{between}" if step and between is not None else None
    past = f"{minutes[0]} min past " if minutes[0] else ""
    if between is not None:
        return f"At {past or 'the start of '}every hour{between}" if past or between else "Every hour"
    step = _step(hours, 24)
    return f"{'At ' + past + 'every' if past else 'Every'} {step} hours, from 00:00 UTC" if step else None


def _between(hours: tuple[int, ...]) -> str | None:
    """Say which hours of the day these are; None where they do not follow each other."""
    if len(hours) == 24:
        return ""
    if len(hours) == hours[-1] - hours[0] + 1:
        return f" from {hours[0]:02}:00 to {hours[-1]:02}:59 UTC"
    return None


def _days(cron: CronExpression, of_month: str, of_week: str) -> str | None:
    if of_week in ("?", "*") and of_month in ("?", "*"):
        return ""
    if of_week not in ("?", "*"):
        return _week_days(of_week)
    if re.fullmatch(r"(0?[1-9]|[12][0-9]|3[01])(,(0?[1-9]|[12][0-9]|3[01]))*", of_month):
        days = sorted({int(day) for day in of_month.split(",")})
        return f", on day {_listed([str(day) for day in days])} of the month"
    special = {
        "L": ", on the last day of the month",
        "LW": ", on the last weekday (Monday to Friday) of the month",
    }
    if of_month in special:
        return special[of_month]
    nearest = re.fullmatch(r"([0-9]{1,2})W", of_month)
    if nearest:
        return f", on the weekday (Monday to Friday) nearest to day {nearest[1]} of the month"
    before = re.fullmatch(r"L-([0-9]{1,2})", of_month)
    if before and int(before[1]):
        return f", {_counted_days(int(before[1]))} before the last day of the month"
    return None


def _week_days(text: str) -> str | None:
    marked = re.fullmatch(r"([1-7]|[A-Z]{3})(L|#[1-5])", text)
    if marked:
        day = _day_number(marked[1])
        if day is None:
            return None
        which = "last" if marked[2] == "L" else _NTH[int(marked[2][1]) - 1]
        return f", on the {which} {_DAYS[day]} of the month"
    spans = []
    for item in text.split(","):
        ends = [_day_number(end) for end in item.split("-")]
        numbers = [end for end in ends if end is not None]
        if not 1 <= len(numbers) == len(ends) <= 2:
            return None
        spans.append(" to ".join(_DAYS[number] for number in numbers))
    on = ", " if len(spans) == 1 and " to " in spans[0] else ", on "
    return on + _listed(spans)


def _day_number(text: str) -> int | None:
    if text in _SHORT_DAYS:
        return _SHORT_DAYS.index(text)
    return int(text) - 1 if re.fullmatch("[1-7]", text) else None


def _months(cron: CronExpression) -> str | None:
    months = cron.months
    if len(months) == 12:
        return ""
    return f", in {_listed([_MONTHS[month - 1] for month in months])}" if months else None


def _years(cron: CronExpression, fields: list[str]) -> str | None:
    if len(fields) < 7 or fields[6] in ("*", "?"):
        return ""
    years = cron.years
    return f", in {_listed([str(year) for year in years])}" if 0 < len(years) <= _MOST_TIMES else None


def _step(values: tuple[int, ...], size: int) -> int | None:
    """Give the step of values that are evenly spread over a whole field from 0 on; None where they are not."""
    step = values[1] if len(values) > 1 else size
    even = values == tuple(range(0, size, step)) and size % step == 0 if step else False
    return step if even and len(values) > 1 else None


def _counted(step: int | None, unit: str) -> str:
    return unit if step == 1 else f"{step} {unit}s"


def _counted_days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
