"""Schedules: which one the properties set, and when it fires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.rules.schedules.quartz import CronError, next_fire_times
from stitchnb.rules.schedules.schedule import CronRule, IntervalRule, ScheduleRule, fire_times, schedule_rule

WEEKDAY_NOON = "0 0 12 ? * MON-FRI *"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule_of(
    *, default_interval_minutes: int | None = 30, anchor: datetime | None = None, **properties: str | None
) -> ScheduleRule:
    return schedule_rule(properties, default_interval_minutes=default_interval_minutes, anchor=anchor)


EXAMPLES = [
    (
        "360",
        "2024-01-29T13:00:00Z",
        "2024-01-29T12:00",
        ["2024-01-29T13:00", "2024-01-29T19:00", "2024-01-30T01:00", "2024-01-30T07:00", "2024-01-30T13:00"],
        "an anchor ahead is the first fire",
    ),
    (
        "1440",
        "2024-01-29T13:00:00Z",
        "2024-01-29T16:00",
        ["2024-01-30T13:00", "2024-01-31T13:00", "2024-02-01T13:00"],
        "an anchor gone by leaves its time of day",
    ),
    ("60", "2024-01-29T13:00:00Z", "2024-01-29T13:00", ["2024-01-29T14:00"], "at the anchor it has fired"),
    ("60", "2024-01-29T13:00:00Z", "2024-01-29T12:59:59", ["2024-01-29T13:00"], "a second before it has not"),
    ("30", "2019-01-07T23:23:08.116Z", "2024-01-29T10:17", ["2024-01-29T10:23:08"], "fractions are dropped"),
    ("60", "2019-01-07T23:23:08+05:30", "2024-01-29T10:17", ["2024-01-29T10:53:08"], "an offset is heeded"),
    (
        "720",
        "2024-01-29T02:00:00-11:00",
        "2024-01-29T12:00",
        ["2024-01-29T13:00", "2024-01-30T01:00"],
        "a far one too",
    ),
    ("1", "2024-02-28T23:59:00Z", "2024-02-28T23:59:30", ["2024-02-29T00:00", "2024-02-29T00:01"], "every minute"),
]


@pytest.mark.parametrize(
    ("frequency", "anchor_time", "now", "expected", "reason"), EXAMPLES, ids=[case[4] for case in EXAMPLES]
)
def test_an_interval_is_counted_from_its_anchor_time(
    frequency: str, anchor_time: str, now: str, expected: list[str], reason: str
) -> None:
    rule = rule_of(frequency_in_minutes=frequency, anchor_time=anchor_time, anchor=at("2024-01-29T10:11:12"))
    assert fire_times(rule, at(now), len(expected)) == [at(text) for text in expected], reason


SEVERAL = [
    ({"frequency_in_minutes": "60"}, 30, 60, "the frequency given"),
    ({"frequency_in_minutes": None}, 30, 30, "none given: the default of the type"),
    ({}, 1440, 1440, "nothing given at all"),
    ({}, None, 60, "and the type has no default either"),
    ({"cron_expression": None, "frequency_in_minutes": "360"}, 30, 360, "a cron of None was not given"),
    ({"anchor_time": "2024-01-29T13:00:00Z"}, 720, 720, "an anchor alone goes with the default"),
    ({"frequency_in_minutes": "1", "subdomain": "x"}, 30, 1, "other properties are not looked at"),
]


@pytest.mark.parametrize(("properties", "default", "minutes", "reason"), SEVERAL, ids=[case[3] for case in SEVERAL])
def test_there_is_always_an_interval(
    properties: dict[str, str | None], default: int | None, minutes: int, reason: str
) -> None:
    rule = schedule_rule(properties, default_interval_minutes=default, anchor=None)
    assert isinstance(rule, IntervalRule), reason
    assert rule.minutes == minutes, reason


def test_a_cron_expression_wins_over_frequency_and_anchor() -> None:
    rule = rule_of(
        cron_expression=WEEKDAY_NOON,
        frequency_in_minutes="1",
        anchor_time="2024-01-29T13:00:00Z",
        anchor=at("2024-01-01"),
    )
    assert isinstance(rule, CronRule)
    friday = at("2024-02-02T12:00")
    assert rule.next_fire_time(friday) == at("2024-02-05T12:00")
    assert fire_times(rule, friday) == next_fire_times(WEEKDAY_NOON, after=friday)


def test_without_an_anchor_time_it_counts_from_when_the_schedule_came_to_be() -> None:
    created = at("2020-03-20T16:09:38").replace(microsecond=250_000)
    rule = rule_of(frequency_in_minutes="60", anchor=created)
    assert fire_times(rule, created, 2) == [at("2020-03-20T17:09:38"), at("2020-03-20T18:09:38")]
    assert rule.next_fire_time(at("2020-03-20T18:09:38")) == at("2020-03-20T19:09:38")


def test_with_no_anchor_at_all_it_counts_from_the_question() -> None:
    rule = rule_of(frequency_in_minutes="60")
    asked = at("2024-01-29T10:17:30").replace(microsecond=250_000)
    assert fire_times(rule, asked, 2) == [at("2024-01-29T11:17:30"), at("2024-01-29T12:17:30")]


def test_an_interval_on_the_wire() -> None:
    rule = rule_of(frequency_in_minutes="60", anchor=at("2020-03-20T16:09:38"))
    written = rule.to_dict(rule.next_fire_time(at("2020-03-20T18:30:00")))
    assert written == {
        "type": "interval",
        "unit": "minute",
        "interval": 60.0,
        "next_fire_time": "2020-03-20T19:09:38Z",
    }
    assert isinstance(written["interval"], float)


def test_a_cron_on_the_wire() -> None:
    rule = rule_of(cron_expression=WEEKDAY_NOON)
    assert rule.to_dict(rule.next_fire_time(at("2024-02-02T12:00"))) == {
        "type": "cron",
        "cron_expression": WEEKDAY_NOON,
        "next_fire_time": "2024-02-05T12:00:00Z",
    }


def test_a_cron_that_never_fires_again_has_no_next_fire_time() -> None:
    rule = rule_of(cron_expression="0 0 12 1 1 ? 2025")
    assert fire_times(rule, at("2024-01-29"), 5) == [at("2025-01-01T12:00")]
    assert rule.next_fire_time(at("2025-01-01T12:00")) is None
    assert rule.to_dict(None)["next_fire_time"] is None


def test_a_bad_cron_is_refused_in_the_words_of_quartz() -> None:
    with pytest.raises(CronError, match=r"^Hour values must be between 0 and 23$"):
        rule_of(cron_expression="0 0 25 * * ?", frequency_in_minutes="60")


REFUSED = [
    ("frequency_in_minutes", "0", "an interval of nothing"),
    ("frequency_in_minutes", "-30", "backwards"),
    ("frequency_in_minutes", "30.5", "part of a minute"),
    ("frequency_in_minutes", "", "empty"),
    ("frequency_in_minutes", "half an hour", "words"),
    ("anchor_time", "tomorrow", "no date-time"),
    ("anchor_time", "", "empty"),
    ("anchor_time", "2024-02-30T00:00:00Z", "no such day"),
]


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED, ids=[f"{case[0]}: {case[2]}" for case in REFUSED])
def test_a_value_that_sets_no_schedule_is_refused_by_name(name: str, value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} is '{value}': give a "):
        schedule_rule({name: value}, default_interval_minutes=30, anchor=None)


def test_a_default_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^default_interval_minutes is '0'"):
        rule_of(default_interval_minutes=0)


@pytest.mark.parametrize("properties", [{"frequency_in_minutes": "60"}, {"cron_expression": WEEKDAY_NOON}])
def test_naive_moments_are_refused(properties: dict[str, str | None]) -> None:
    rule = schedule_rule(properties, default_interval_minutes=30, anchor=None)
    with pytest.raises(ValueError, match="has no time zone"):
        rule.next_fire_time(datetime(2024, 1, 29))
    with pytest.raises(ValueError, match="after has no time zone"):
        fire_times(rule, datetime(2024, 1, 29))


def test_a_naive_anchor_is_refused() -> None:
    with pytest.raises(ValueError, match="anchor has no time zone"):
        rule_of(anchor=datetime(2024, 1, 29))


MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))


@given(minutes=st.sampled_from([1, 7, 30, 60, 360, 720, 1440]), anchor=MOMENTS, after=MOMENTS)
def test_every_fire_is_the_first_on_the_grid_of_its_anchor(minutes: int, anchor: datetime, after: datetime) -> None:
    rule = rule_of(frequency_in_minutes=str(minutes), anchor_time=anchor.isoformat())
    grid, interval = anchor.replace(microsecond=0), timedelta(minutes=minutes)
    times = fire_times(rule, after, 4)
    assert after < times[0]
    assert times[0] == grid or times[0] - interval <= after
    assert all(time >= grid and (time - grid) % interval == timedelta(0) for time in times)
    assert [later - earlier for earlier, later in pairwise(times)] == [interval] * 3


@given(after=MOMENTS)
def test_cron_and_interval_agree_where_they_mean_the_same(after: datetime) -> None:
    cron = rule_of(cron_expression="0 0 1/6 * * ?")
    interval = rule_of(frequency_in_minutes="360", anchor_time="1980-01-01T13:00:00Z")
    assert fire_times(cron, after, 10) == fire_times(interval, after, 10)
