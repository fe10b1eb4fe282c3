"""Times on the wire, at the edges of the calendar as well."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.models import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "moment", "why"),
    [
        ("2020-03-20T16:06:19Z", datetime(2020, 3, 20, 16, 6, 19, tzinfo=UTC), "as the API writes it"),
        ("2019-01-07T23:23:08.116Z", datetime(2019, 1, 7, 23, 23, 8, 116000, tzinfo=UTC), "with milliseconds"),
        ("2020-03-20T18:06:19+02:00", datetime(2020, 3, 20, 16, 6, 19, tzinfo=UTC), "with an offset"),
        ("2020-03-20T16:06:19", datetime(2020, 3, 20, 16, 6, 19, tzinfo=UTC), "without one: UTC"),
        ("0001-01-01T00:00:00+01:00", None, "an hour before the calendar begins"),
        ("9999-12-31T23:59:59-01:00", None, "an hour after it ends"),
        ("yesterday", None, "no time"),
        (1584720379, None, "a number"),
    ],
)
def test_a_time_is_read(text: object, moment: datetime | None, why: str) -> None:
    assert parse_time(text) == moment, why


@pytest.mark.parametrize(
    ("moment", "text", "why"),
    [
        (datetime(2020, 3, 20, 16, 6, 19, 999999, tzinfo=UTC), "2020-03-20T16:06:19Z", "whole seconds"),
        (datetime(2020, 3, 20, 18, tzinfo=timezone(timedelta(hours=2))), "2020-03-20T16:00:00Z", "in UTC"),
        (datetime(588, 3, 25, tzinfo=UTC), "0588-03-25T00:00:00Z", "a year has four digits"),
    ],
)
def test_a_time_is_written(moment: datetime, text: str, why: str) -> None:
    assert format_time(moment) == text, why


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_written_is_read_back_and_sorts_as_text(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)

    assert parse_time(format_time(moment)) == moment
    assert (format_time(moment) < "2026-01-01T00:00:00Z") == (moment < datetime(2026, 1, 1, tzinfo=UTC))
