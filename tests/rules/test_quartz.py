"""Quartz cron, held against Quartz's own answers and against a matcher that looks at every second and day."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
import quartz_cases
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.errors import StitchError
from stitchnb.rules.schedules.quartz import LAST_YEAR, CronError, CronExpression, next_fire_times

JANUARY = datetime(2024, 1, 29, 10, 17, tzinfo=UTC)


def fires(expression: str, *, after: str = "2024-01-29T10:17", count: int = 4) -> list[str]:
    moment = datetime.fromisoformat(after).replace(tzinfo=UTC)
    times = next_fire_times(expression, after=moment, count=count)
    return [t.strftime("%Y-%m-%d" if t.time() == time(12) else "%Y-%m-%dT%H:%M:%S") for t in times]


@pytest.mark.parametrize(
    ("expression", "first", "gaps"),
    [pytest.param(*case, id=f"{kind}: {case[0]}") for kind, cases in quartz_cases.FIRING.items() for case in cases],
)
def test_it_fires_when_quartz_does(expression: str, first: str, gaps: str) -> None:
    expected = [datetime.fromisoformat(first).replace(tzinfo=UTC)] if first else []
    for gap in gaps.split():
        expected.append(expected[-1] + timedelta(minutes=float(gap)))
    after = datetime.fromisoformat(quartz_cases.AFTER)
    assert next_fire_times(expression, after=after, count=quartz_cases.MOST) == expected


BROKEN = "Illegal cron expression format ({})"
OUT = "java.lang.StringIndexOutOfBoundsException: "
NO_NUMBER = 'java.lang.NumberFormatException: For input string: "{}"'
BOTH_DAYS = "Support for specifying both a day-of-week AND a day-of-month parameter is not implemented."
TWO_UNSPECIFIED = "'?' can only be specified for Day-of-Month -OR- Day-of-Week."
LAST_AND_OTHER_DAYS = "Support for specifying 'L' and 'LW' with other days of the month is not implemented"
BAD_NTH = "A numeric value between 1 and 5 must follow the '#' option"
NO_STEP = "'/' must be followed by an integer."

REFUSED = [
    ("0 0 12", "Unexpected end of expression.", "too few fields"),
    ("*/5 * * * *", "Unexpected end of expression.", "five fields, as in Unix cron"),
    ("60 * * * * ?", "Minute and Second values must be between 0 and 59", "a second too many"),
    ("0-60 * * * * ?", "Minute and Second values must be between 0 and 59", "the end of a range counts too"),
    ("98 * * * * ?", "Minute and Second values must be between 0 and 59", "98 is a ? only where ? is allowed"),
    ("0 0 24 * * ?", "Hour values must be between 0 and 23", "midnight is 0"),
    ("0 0 0 0 * ?", "Day of month values must be between 1 and 31", "days begin at 1"),
    ("0 0 0 32 * ?", "Day of month values must be between 1 and 31", "and end at 31"),
    ("0 0 0 1 0 ?", "Month values must be between 1 and 12", "months begin at 1"),
    ("0 0 0 ? * 0", "Day-of-Week values must be between 1 and 7", "Sunday is 1, not 0"),
    ("0 0 0 ? * 0L", "Day-of-Week values must be between 1 and 7", "with L too"),
    ("0 0 0 ? * ?", TWO_UNSPECIFIED, "no day at all"),
    ("0 0 0 5 * MON", BOTH_DAYS, "both day fields restricted"),
    ("0 0 0 ?,* * ?", BOTH_DAYS, "a ? hidden behind a * is found out later"),
    ("0 0 0 98 * ?", TWO_UNSPECIFIED, "98 is a ?"),
    ("0 ? * * * ?", "'?' can only be specified for Day-of-Month or Day-of-Week.", "? among the minutes"),
    ("0 0 0 ?12 * 2", "Illegal character after '?': 1", "? and more"),
    ("0 0 0 L,15 * ?", LAST_AND_OTHER_DAYS, "L in a list"),
    ("0 0 0 1,LW * ?", LAST_AND_OTHER_DAYS, "LW in a list"),
    ("0 0 0 ? * 6L,2", "Support for specifying 'L' with other days of the week is not implemented", "6L in a list"),
    ("0 0 0 ? * 6#1,6#3", 'Support for specifying multiple "nth" days is not implemented.', "# twice"),
    ("0 0 0 ? * FRI#", BAD_NTH, "nothing after #"),
    ("0 0 0 ? * 6#X", BAD_NTH, "no number after #"),
    ("0 0 0 L-31 * ?", "Offset from last day must be <= 30", "farther back than any month"),
    (
        "0 0 0 32W * ?",
        "The 'W' option does not make sense with values larger than 31 (max number of days in a month)",
        "W beyond every month",
    ),
    ("0 15W * * * ?", "'W' option is not valid here. (pos=2)", "W among the minutes"),
    ("0 5L * * * ?", "'L' option is not valid here. (pos=1)", "L among the minutes"),
    ("0 0 12#1 * * ?", "'#' option is not valid here. (pos=2)", "# among the hours"),
    ("0 0/60 * * * ?", "Increment > 60 : 60", "a step as long as the hour"),
    ("0 */90 * * * ?", "Increment > 60 : 90", "and longer"),
    ("0 0 0/24 * * ?", "Increment > 24 : 24", "a step as long as the day"),
    ("0 0 0 1/32 * ?", "Increment > 31 : 32", "a step longer than the month"),
    ("0 0 0 1 1/13 ?", "Increment > 12 : 13", "a step longer than the year"),
    ("0 0 0 ? * 1/8", "Increment > 7 : 8", "a step longer than the week"),
    ("0 0/ * * * ?", NO_STEP, "a step left out"),
    ("0 / * * * ?", NO_STEP, "a lone /"),
    ("0 */ * * * ?", "Unexpected end of string.", "a step left out after *"),
    ("0 0/5X * * * ?", "Unexpected character 'X' after '/'", "a unit after the step"),
    ("0 0/X * * * ?", BROKEN.format(NO_NUMBER.format("X")), "a step that is no number"),
    ("0 */5X * * * ?", BROKEN.format(NO_NUMBER.format("5X")), "nor with *"),
    ("0 5-X * * * ?", BROKEN.format(NO_NUMBER.format("X")), "an end that is no number"),
    ("0 5- * * * ?", BROKEN.format(OUT + "String index out of range: 2"), "a range left open"),
    ("0 99999999999 * * * ?", BROKEN.format(NO_NUMBER.format("99999999999")), "more than 32 bits"),
    ("0 */-2147483649 * * * ?", BROKEN.format(NO_NUMBER.format("-2147483649")), "on either side"),
    ("0 0 0 L- * ?", BROKEN.format(OUT + "String index out of range: 2"), "an offset left out"),
    ("0 0 0 LX * ?", BROKEN.format(OUT + "begin 0, end 3, length 2"), "L and more"),
    ("0 0 0 1 JA ?", BROKEN.format(OUT + "begin 0, end 3, length 2"), "a name cut short"),
    ("0 0 0 1 JAN-3 ?", BROKEN.format(OUT + "begin 4, end 7, length 5"), "from a name to a number"),
    ("0 0 0 1 3-MAY ?", BROKEN.format(NO_NUMBER.format("M")), "from a number to a name"),
    ("0 0 0 1 MAI ?", "Invalid Month value: 'MAI'", "no such month"),
    ("0 0 0 1 JAN-MAI ?", "Invalid Month value: 'MAI'", "no such month at the end"),
    ("0 0 0 ? * DAY", "Invalid Day-of-Week value: 'DAY'", "no such day"),
    ("0 0 MON * * ?", "Illegal characters for this position: 'MON'", "a name among the hours"),
    ("0 0 0 L-3X * ?", "Illegal characters for this position: 'L-3'", "an offset and more"),
    ("@daily * * * * ?", "Unexpected character: @", "not a Quartz word"),
    (
        "0 0 0 1 1 ? 2030-2020",
        BROKEN.format("java.lang.IllegalArgumentException: Start year must be less than stop year"),
        "years do not wrap",
    ),
    ("0 0 0 , * ?", BROKEN.format("java.util.NoSuchElementException"), "a list of nothing"),
]


@pytest.mark.parametrize(("expression", "message"), quartz_cases.REFUSED)
def test_it_refuses_in_the_words_of_quartz(expression: str, message: str) -> None:
    with pytest.raises(CronError) as caught:
        next_fire_times(expression, after=JANUARY)
    assert caught.value.message == message


@pytest.mark.parametrize(("expression", "message", "reason"), REFUSED, ids=[case[2] for case in REFUSED])
def test_every_kind_of_mistake_has_its_message(expression: str, message: str, reason: str) -> None:
    with pytest.raises(CronError) as caught:
        CronExpression.parse(expression)
    assert caught.value.message == message, reason


# What people write for Unix, and what of Quartz is the same; None where there is no such thing.
UNIX = [
    ("0 12 * * *", "0 0 12 * * ?", "every day"),
    ("*/5 * * * *", "0 */5 * * * ?", "a step"),
    ("30 6 1 * *", "0 30 6 1 * ?", "a day of the month"),
    ("0 12 ? * 1-5", "0 0 12 ? * MON-FRI", "days of the week have other numbers"),
    ("0 12 * * 0,6", "0 0 12 ? * SUN,SAT", "from Sunday on"),
    ("0 12 * * 7", "0 0 12 ? * SUN", "Sunday's other number"),
    ("0 12 * * mon", "0 0 12 ? * MON", "names"),
    ("0 12 * * */2", "0 0 12 ? * */2", "a step from Sunday on"),
    ("0 12 * * 1-5/2", None, "a step that Quartz would pass over"),
    ("0 12 1 * 1", None, "two days"),
    ("0 12", None, "too few for either"),
]


@pytest.mark.parametrize(("expression", "same", "reason"), UNIX, ids=[case[2] for case in UNIX])
def test_an_expression_of_five_fields_is_told_with_what_it_is_in_quartz(
    expression: str, same: str | None, reason: str
) -> None:
    with pytest.raises(CronError) as caught:
        CronExpression.parse(expression)
    if same is None:
        assert str(caught.value).endswith(' Quartz expects six or seven fields, seconds first, such as "0 0 12 * * ?".')
    else:
        assert str(caught.value).endswith(f' Quartz expects six or seven fields, seconds first: "{same}".')
        assert CronExpression.parse(same)


def test_an_expression_of_six_fields_is_refused_in_quartzs_words_alone() -> None:
    with pytest.raises(CronError) as caught:
        CronExpression.parse("0 0 25 * * ?")
    assert str(caught.value) == "Hour values must be between 0 and 23"


def test_a_refusal_is_a_value_error_that_widgets_catch() -> None:
    assert issubclass(CronError, ValueError)
    assert issubclass(CronError, StitchError)


SAME = [
    ("0 0 12 ? * mon-Fri", "0 0 12 ? * MON-FRI", "case does not matter"),
    ("  0\t0  12 * * ?", "0 0 12 * * ?", "spaces and tabs separate"),
    ("0 0 12 * * ? * and more", "0 0 12 * * ?", "an eighth field is not looked at"),
    ("0 0 12 ? * MONDAY", "0 0 12 ? * 2", "what follows a name is not looked at"),
    ("0 0 12 ? JAN/2 *", "0 0 12 ? 1 *", "nor is a step after a name"),
    ("0M 30min 12h * * ?", "0 30 12 * * ?", "nor what follows a number"),
    ("0 0/0 * * * ?", "0 0 * * * ?", "a step of 0 leaves the start alone"),
    ("0 */0 * * * ?", "0 * * * * ?", "after * it leaves the *"),
    ("0 /20 * * * ?", "0 */20 * * * ?", "* may be left out before a step"),
    ("0 50-10/10 * * * ?", "0 0,10,50 * * * ?", "minutes wrap"),
    ("0 0 22-2/2 * * ?", "0 0 0,2,22 * * ?", "hours wrap"),
    ("0 0 0 30-2 * ?", "0 0 0 1,2,30,31 * ?", "days wrap at 31"),
    ("0 0 0 1 NOV-FEB ?", "0 0 0 1 1,2,11,12 ?", "months wrap"),
    ("0 0 0 ? * FRI-SUN", "0 0 0 ? * 1,6,7", "days of the week wrap"),
    ("0 0 0 ? * L", "0 0 0 ? * 7", "the last day of the week is Saturday"),
    ("0 0 0 ? * 2,6#3", "0 0 0 ? * 2#3", "# goes with the smallest day of its list"),
    ("0 0 0 20,15W,17 * ?", "0 0 0 15W * ?", "and so does W"),
    ("0 0 0 L-0 * ?", "0 0 0 L * ?", "no offset"),
    ("0 0 0 L-W * ?", "0 0 0 LW * ?", "no offset, said at length"),
    ("99 99 99 98 99 99 99", "* * * ? * * *", "99 and 98 are * and ?"),
    ("0 0 0 ? * 0#3", "0 0 0 ? * 7#3", "before # a 0 is Saturday"),
]


@pytest.mark.parametrize(("expression", "plain", "reason"), SAME, ids=[case[2] for case in SAME])
def test_two_ways_of_saying_the_same(expression: str, plain: str, reason: str) -> None:
    times = next_fire_times(expression, after=JANUARY, count=50)
    assert times == next_fire_times(plain, after=JANUARY, count=50), reason
    assert len(times) == 50


DAYS = [
    ("0 0 12 29 2 ?", "2024-02-29T12:00", ["2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29"], "leap days"),
    ("0 0 12 31 * ?", "2024-01-31T12:00", ["2024-03-31", "2024-05-31", "2024-07-31", "2024-08-31"], "long months"),
    ("0 0 12 1W 6 ?", "2024-01-01", ["2024-06-03", "2025-06-02", "2026-06-01", "2027-06-01"], "1W stays in June"),
    ("0 0 12 LW 6 ?", "2024-01-01", ["2024-06-28", "2025-06-30", "2026-06-30", "2027-06-30"], "LW stays in June"),
    ("0 0 12 30W 6 ?", "2024-01-01", ["2024-06-28", "2025-06-30", "2026-06-30", "2027-06-30"], "and so does 30W"),
    ("0 0 12 15W 6 ?", "2024-01-01", ["2024-06-14", "2025-06-16", "2026-06-15", "2027-06-15"], "15W moves a day"),
    ("0 0 12 15W * ?", "2024-05-15T12:00", ["2024-06-14", "2024-07-15", "2024-08-15", "2024-09-16"], "to and fro"),
    ("0 0 12 L-3W * ?", "2024-05-28T12:00", ["2024-06-27", "2024-07-29", "2024-08-28", "2024-09-27"], "L-3W"),
    ("0 0 12 L-30 * ?", "2024-01-01T12:00", ["2024-03-01", "2024-05-01", "2024-07-01", "2024-08-01"], "not in April"),
    (
        "0 0 12 L-30W * ?",
        "2024-02-01T12:00",
        ["2024-03-01", "2024-04-01", "2024-05-01", "2024-07-01"],
        "June is passed over, where Quartz hangs",
    ),
    ("0 0 12 ? * 6#5", "2024-01-01", ["2024-03-29", "2024-05-31", "2024-08-30", "2024-11-29"], "fifth Fridays"),
    ("0 0 12 ? 2 2L", "2024-01-01", ["2024-02-26", "2025-02-24", "2026-02-23", "2027-02-22"], "last Mondays"),
    (
        "0 0 12 31W * ?",
        "2027-03-31T12:00",
        ["2027-04-30", "2027-05-31", "2027-07-30", "2027-08-31"],
        "31 April 2027 is taken for Saturday 1 May, next to Friday 30 April",
    ),
    ("0 0 12 30W 2-3 ?", "2031-12-31", ["2032-03-30", "2033-03-30", "2034-03-30", "2035-03-30"], "30 February is none"),
    (
        "0 0 12 30W * ?",
        "2036-01-30T12:00",
        ["2036-03-31", "2036-04-30", "2036-05-30", "2036-06-30"],
        "even passed over",
    ),
    ("0 0 12 29W * ?", "2025-02-05", ["2025-02-28", "2025-03-28", "2025-04-29", "2025-05-29"], "seen from February"),
    (
        "0 0 12 29W * ?",
        "2025-01-29T12:00",
        ["2025-03-28", "2025-04-29", "2025-05-29", "2025-06-30"],
        "29 February 2025 is Saturday 1 March when one comes from January",
    ),
]


@pytest.mark.parametrize(("expression", "after", "expected", "reason"), DAYS, ids=[f"{c[0]} {c[3]}" for c in DAYS])
def test_days_at_the_edge_of_a_month(expression: str, after: str, expected: list[str], reason: str) -> None:
    assert fires(expression, after=after) == expected, reason


ENDS = [
    ("0 0 12 30 2 ?", [], "30 February"),
    ("0 0 12 31 4,6,9,11 ?", [], "31st of short months"),
    ("0 0 12 0W * ?", [], "the weekday nearest to day 0"),
    ("0 0 12 ? * 8#2", [], "a day of the week that is none"),
    ("0 0 12 ? 2 2#5 2025-2043", [], "no fifth Monday in a February of those years"),
    ("L * * * * ?", [], "no second at all"),
    ("0 0 12 * L ?", [], "no month at all"),
    ("0 0 12 1 1 ? L", [], "no year at all"),
    ("0 0 12 1 1 ? 2023", [], "a year gone by"),
    ("0 0 12 1 1,12 ? 2024", ["2024-12-01"], "the next one would be a year too late"),
    ("0 0 12 1 1 ? 2024-2026", ["2025-01-01", "2026-01-01"], "the last years"),
    ("0 0 12 1 1 ? 2030/34", ["2030-01-01", "2064-01-01", "2098-01-01"], "a step of years"),
    ("0 0 12 1 1 ? 2098-2200", ["2098-01-01", "2099-01-01"], "nothing after the last year there is"),
]


@pytest.mark.parametrize(("expression", "expected", "reason"), ENDS, ids=[case[2] for case in ENDS])
def test_it_stops_firing(expression: str, expected: list[str], reason: str) -> None:
    assert fires(expression) == expected, reason


def test_the_last_second_of_all_is_the_last_fire() -> None:
    cron = CronExpression.parse("* * * * * ?")
    last = datetime(LAST_YEAR, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert cron.next_after(last - timedelta(seconds=1)) == last
    assert cron.next_after(last) is None
    assert cron.next_after(datetime.max.replace(tzinfo=UTC)) is None


def test_years_begin_in_1970_unless_given() -> None:
    long_ago = datetime(1890, 5, 1, tzinfo=UTC)
    assert CronExpression.parse("0 0 0 * * ?").next_after(long_ago) == datetime(1970, 1, 1, tzinfo=UTC)
    assert CronExpression.parse("0 0 0 * * ? 1900").next_after(long_ago) == datetime(1900, 1, 1, tzinfo=UTC)


@dataclass
class CountingRule:
    """Passes every question on to a day rule, and counts."""

    rule: Callable[[date], date | None]
    asked: list[date] = field(default_factory=list)

    def on_or_after(self, cursor: date) -> date | None:
        self.asked.append(cursor)
        return self.rule(cursor)


@pytest.mark.parametrize(
    ("expression", "most"),
    [("0 0 12 30 2 ?", 80), ("0 0 12 1 1 ? 2099", 2), ("0 0 12 29 2 ? 2096", 4), ("* * * * * ?", 1)],
)
def test_far_and_missing_fires_are_found_by_leaps(expression: str, most: int) -> None:
    cron = CronExpression.parse(expression)
    counting = CountingRule(cron.day_rule.on_or_after)
    assert replace(cron, day_rule=counting).next_after(JANUARY) == cron.next_after(JANUARY)
    assert 1 <= len(counting.asked) <= most


def test_a_fraction_of_a_second_is_before_the_next_one() -> None:
    cron = CronExpression.parse("* * * * * ?")
    assert cron.next_after(JANUARY.replace(microsecond=1)) == JANUARY + timedelta(seconds=1)
    assert cron.next_after(JANUARY - timedelta(microseconds=1)) == JANUARY


def test_it_is_evaluated_in_utc_whatever_the_zone_of_the_question() -> None:
    in_delhi = datetime(2024, 3, 1, 2, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert next_fire_times("0 0 0 1 * ?", after=in_delhi, count=1) == [datetime(2024, 3, 1, tzinfo=UTC)]


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="after has no time zone"):
        next_fire_times("0 0 12 * * ?", after=datetime(2024, 1, 29))
    with pytest.raises(ValueError, match="moment has no time zone"):
        CronExpression.parse("0 0 12 * * ?").next_after(datetime(2024, 1, 29))


def test_a_count_of_none_is_an_empty_list_and_a_negative_one_is_refused() -> None:
    assert next_fire_times("0 0 12 * * ?", after=JANUARY, count=0) == []
    assert len(next_fire_times("0 0 12 * * ?", after=JANUARY)) == 5
    with pytest.raises(ValueError, match="count must be 0 or more, not -1"):
        next_fire_times("0 0 12 * * ?", after=JANUARY, count=-1)


def test_expressions_are_values() -> None:
    assert CronExpression.parse("0 0 12 * * ?") == CronExpression.parse("0 0 12 * * ?")
    assert CronExpression.parse("0 0 12 ? * mon").expression == "0 0 12 ? * mon"


Numbers = tuple[str, frozenset[int]]


@st.composite
def numbers(draw: st.DrawFn, first: int, last: int) -> Numbers:
    """Draw a field as text, with the numbers that it means."""
    value, end = draw(st.integers(first, last)), draw(st.integers(first, last))
    step = draw(st.integers(1, last))
    size = last - first + 1
    reach = (end - value) % size
    written: dict[str, list[int]] = {
        "*": list(range(first, last + 1)),
        f"{value}": [value],
        f"{value},{end}": [value, end],
        f"*/{step}": list(range(first, last + 1, step)),
        f"{value}/{step}": list(range(value, last + 1, step)),
        f"{value}-{end}": [first + (value - first + k) % size for k in range(reach + 1)],
        f"{value}-{end}/{step}": [first + (value - first + k) % size for k in range(0, reach + 1, step)],
    }
    text = draw(st.sampled_from(sorted(written)))
    return text, frozenset(written[text])


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(seconds=numbers(0, 59), minutes=numbers(0, 59), hours=numbers(0, 23), after=MOMENTS)
def test_times_of_day_match_a_look_at_every_second(
    seconds: Numbers, minutes: Numbers, hours: Numbers, after: datetime
) -> None:
    start = after.replace(microsecond=0)
    window = [start + timedelta(seconds=k) for k in range(1, 5401)]
    expected = [t for t in window if t.second in seconds[1] and t.minute in minutes[1] and t.hour in hours[1]]
    expression = f"{seconds[0]} {minutes[0]} {hours[0]} * * ?"
    found = next_fire_times(expression, after=after, count=len(expected) + 1)
    assert found[: len(expected)] == expected
    assert found[-1] > window[-1]


def last_of(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def workdays(day: date) -> list[int]:
    return [d for d in range(1, last_of(day) + 1) if day.replace(day=d).weekday() < 5]


def weekday(day: date) -> int:
    return (day.weekday() + 1) % 7 + 1


def nearest(day: date, wanted: int) -> int:
    return min(workdays(day), key=lambda d: abs(d - wanted))


Days = tuple[str, str, Callable[[date], bool]]


@st.composite
def day_fields(draw: st.DrawFn) -> Days:
    """Draw both day fields, with a test of a day that takes the words at their face value."""
    n, of_week, nth = draw(st.integers(1, 28)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    of_month, weekdays = draw(numbers(1, 31)), draw(numbers(1, 7))
    choices: list[Days] = [
        (of_month[0], "?", lambda day: day.day in of_month[1]),
        ("?", weekdays[0], lambda day: weekday(day) in weekdays[1]),
        ("L", "?", lambda day: day.day == last_of(day)),
        (f"L-{n}", "?", lambda day: day.day == last_of(day) - n),
        (f"L-{n % 20}W", "?", lambda day: day.day == nearest(day, last_of(day) - n % 20)),
        ("LW", "?", lambda day: day.day == workdays(day)[-1]),
        (f"{n}W", "?", lambda day: day.day == nearest(day, n)),
        ("?", f"{of_week}L", lambda day: weekday(day) == of_week and day.day + 7 > last_of(day)),
        ("?", f"{of_week}#{nth}", lambda day: weekday(day) == of_week and (day.day + 6) // 7 == nth),
    ]
    return draw(st.sampled_from(choices))


@given(days=day_fields(), months=numbers(1, 12), after=MOMENTS)
def test_days_match_a_look_at_every_day(days: Days, months: Numbers, after: datetime) -> None:
    of_month, of_week, matches = days
    window = [after.date() + timedelta(days=k) for k in range(1, 801)]
    expected = [day for day in window if day.month in months[1] and matches(day)]
    expression = f"59 59 23 {of_month} {months[0]} {of_week}"
    start = datetime.combine(after.date(), time(23, 59, 59), tzinfo=UTC)
    found = next_fire_times(expression, after=start, count=len(expected) + 1)
    assert [t.date() for t in found[: len(expected)]] == expected
    assert {t.time() for t in found} <= {time(23, 59, 59)}
    assert len(found) == len(expected) or found[-1].date() > window[-1]


@given(days=day_fields(), hours=numbers(0, 23), after=MOMENTS)
def test_fires_rise_and_nothing_fires_between_two_of_them(days: Days, hours: Numbers, after: datetime) -> None:
    cron = CronExpression.parse(f"0 30 {hours[0]} {days[0]} * {days[1]}")
    first = cron.next_after(after)
    assert first is not None
    second = cron.next_after(first)
    assert second is not None
    assert after < first < second
    between = first + (second - first) / 2
    assert cron.next_after(between) == second
    assert cron.next_after(second - timedelta(seconds=1)) == second
