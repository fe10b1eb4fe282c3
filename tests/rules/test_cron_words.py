"""Cron expressions in words."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quartz_cases import FIRING

from stitchnb.rules.schedules.describe import cron_words
from stitchnb.rules.schedules.quartz import CronExpression, next_fire_times

WORDS = [
    ("0 0 12 ? * MON-FRI *", "At 12:00 UTC, Monday to Friday."),
    ("0 0 12 * * ?", "At 12:00 UTC."),
    ("0 30 4,16 * * ?", "At 04:30 and 16:30 UTC."),
    ("15 30 4 * * ?", "At 04:30:15 UTC."),
    ("0 0 * ? * *", "Every hour."),
    ("0 0 0/6 ? * *", "At 00:00, 06:00, 12:00 and 18:00 UTC."),
    ("0 0 0/2 ? * *", "Every 2 hours, from 00:00 UTC."),
    ("0 15 0/2 ? * *", "At 15 min past every 2 hours, from 00:00 UTC."),
    ("0 15 * ? * *", "At 15 min past every hour."),
    ("0 0/30 * ? * *", "Every 30 minutes."),
    ("0 0/15 8-17 ? * 2-6", "Every 15 minutes from 08:00 to 17:59 UTC, Monday to Friday."),
    ("0 0 8-17 ? * *", "At the start of every hour from 08:00 to 17:59 UTC."),
    ("0/10 * * ? * *", "Every 10 seconds."),
    ("0 0 9 ? * 2,4", "At 09:00 UTC, on Monday and Wednesday."),
    ("0 0 9 ? * 6L", "At 09:00 UTC, on the last Friday of the month."),
    ("0 0 9 ? * MON#1", "At 09:00 UTC, on the first Monday of the month."),
    ("0 0 9 L * ?", "At 09:00 UTC, on the last day of the month."),
    ("0 0 9 L-3 * ?", "At 09:00 UTC, 3 days before the last day of the month."),
    ("0 0 9 15W * ?", "At 09:00 UTC, on the weekday (Monday to Friday) nearest to day 15 of the month."),
    ("0 0 9 1,15 * ?", "At 09:00 UTC, on day 1 and 15 of the month."),
    ("0 0 9 1 JAN,JUL ?", "At 09:00 UTC, on day 1 of the month, in January and July."),
    ("0 0 9 1 1 ? 2027", "At 09:00 UTC, on day 1 of the month, in January, in 2027."),
    ("0 1,2,7 1-23/3,4 ? * *", "0 1,2,7 1-23/3,4 ? * *"),  # no common form
    ("0 0 9 1/2 * ?", "0 0 9 1/2 * ?"),
]


@pytest.mark.parametrize(("expression", "words"), WORDS)
def test_an_expression_is_said_in_words(expression: str, words: str) -> None:
    assert cron_words(CronExpression.parse(expression)) == words


def facts(expression: str) -> tuple[object, ...]:
    """When it fires: its times of day, and its next days, of which a decade tells enough."""
    cron = CronExpression.parse(expression)
    days = next_fire_times(
        f"0 0 0 {expression.split(None, 3)[3]}", after=datetime(2024, 1, 29, 10, 17, tzinfo=UTC), count=150
    )
    return cron.seconds, cron.minutes, cron.hours, tuple(days)


def collisions(expressions: list[str]) -> list[tuple[str, str]]:
    """Expressions that are said in the same words, and fire at different times."""
    first: dict[str, str] = {}
    found = []
    for expression in expressions:
        words = cron_words(CronExpression.parse(expression))
        other = first.setdefault(words, expression)
        if other != expression and facts(other) != facts(expression):
            found.append((other, expression))
    return found


def test_the_same_words_are_said_of_the_same_times_alone() -> None:
    expressions = [row[0] for rows in FIRING.values() for row in rows]
    assert len(expressions) > 200
    assert collisions([*expressions, *(expression for expression, _ in WORDS)]) == []
    in_words = [e for e in expressions if cron_words(CronExpression.parse(e)) != e.upper()]
    assert len(in_words) > len(expressions) // 3


times = st.sampled_from(["0", "5", "*", "0/10", "0/15", "*/7", "1,2", "0,30", "8-17"])
hours = st.sampled_from(["0", "5", "*", "0/6", "0/2", "*/5", "1,2", "8-17", "0-23"])
days = st.sampled_from(
    [
        *("* * ?", "? * *", "1 * ?", "1,15 * ?", "L * ?", "LW * ?", "L-1 * ?", "3W * ?", "? * 2-6", "? * MON-FRI"),
        *("? * 6L", "? * 2#1", "? JAN *", "1-5 * ?", "? 1,7 2", "? * 6-2", "? * SUN,SAT", "*/2 * ?", "? * 2/2"),
        *("99 * ?", "98 * 2", "1 * 98", "? * 99"),
    ]
)
expressions = st.builds("{} {} {} {}".format, st.sampled_from(["0", "0", "15", "*", "0/20"]), times, hours, days)


@given(st.lists(expressions, min_size=20, max_size=60, unique=True))
@settings(max_examples=60, deadline=None)
def test_no_two_schedules_are_ever_said_alike(chosen: list[str]) -> None:
    assert collisions(chosen) == []
