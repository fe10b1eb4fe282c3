"""Which type a value gets, and the text it travels as."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.sandbox.warehouses.types import (
    RecordRejectedError,
    decimal_digits,
    declared,
    digits_of,
    kind_of,
    suffix,
    to_cell,
)

DATE_TIME = {"type": ["null", "string"], "format": "date-time"}
ODD_DATE_TIME = {"type": ["null", "date-time"]}
CENTS = {"type": ["null", "number"], "multipleOf": 0.01}


@pytest.mark.parametrize(
    ("value", "schema", "expected", "reason"),
    [
        ("x", {"type": "string"}, ("VARCHAR", "x"), "text is text"),
        ("x", {}, ("VARCHAR", "x"), "also where nothing is declared"),
        ("", {"type": "string"}, ("VARCHAR", ""), "empty text is text, not null"),
        ("15", {"type": "integer"}, ("VARCHAR", "15"), "digits in quotes are text"),
        ("2026-01-01T00:00:00Z", {"type": "string"}, ("VARCHAR", "2026-01-01T00:00:00Z"), "undeclared date-times too"),
        ("2026-01-01", {"type": "string", "format": "date"}, ("VARCHAR", "2026-01-01"), "a date is no date-time"),
        (True, {}, ("BOOLEAN", "true"), "booleans"),
        (False, {"type": "integer"}, ("BOOLEAN", "false"), "a boolean is no integer"),
        (7, {}, ("BIGINT", "7"), "integers"),
        (2**63 - 1, {"type": "integer"}, ("BIGINT", "9223372036854775807"), "the largest"),
        (-(2**63), {"type": "integer"}, ("BIGINT", "-9223372036854775808"), "the smallest"),
        (7, {"type": ["integer", "number"]}, ("BIGINT", "7"), "an integer where both are declared"),
        (16.0, {"type": "integer"}, ("DOUBLE", "16.0"), "a number written with a point is no integer"),
        (16.0, {}, ("DOUBLE", "16.0"), "floating-point numbers"),
        (7, {"type": "number"}, ("DOUBLE", "7"), "an integer is a number where only numbers are declared"),
        (2**53 + 1, {"type": "number"}, ("BIGINT", str(2**53 + 1)), "unless it would be rounded"),
        (0.1, CENTS, ("DECIMAL", "0.1"), "multipleOf makes a decimal"),
        (7, CENTS, ("DECIMAL", "7"), "of integers too"),
        (1e-7, CENTS, ("DECIMAL", "0.0000001"), "without an exponent"),
        (5, {"type": "integer", "multipleOf": 5}, ("BIGINT", "5"), "multipleOf on an integer is no decimal"),
        (Decimal("1.50"), {}, ("DECIMAL", "1.50"), "Python's decimals are decimals"),
        (Decimal("1.5"), {"type": "number"}, ("DOUBLE", "1.5"), "or numbers, where that loses nothing"),
        (Decimal("0.12345678901234567890"), {"type": "number"}, ("DECIMAL", "0.12345678901234567890"), "only there"),
        (Decimal("1E+3"), CENTS, ("DECIMAL", "1000"), "a positive exponent is written out"),
        (Decimal("0E-50"), CENTS, ("DECIMAL", "0"), "zero is zero"),
        ("yes", {"type": "boolean"}, ("VARCHAR", "yes"), "the value's own type where it is not the declared one"),
        ("n/a", DATE_TIME, ("VARCHAR", "n/a"), "text that is no date-time"),
        ("", DATE_TIME, ("VARCHAR", ""), "nor is empty text"),
        (1767225600, DATE_TIME, ("BIGINT", "1767225600"), "nor a number"),
    ],
)
def test_a_value_gets_a_type(value: Any, schema: dict[str, Any], expected: tuple[str, str], reason: str) -> None:
    assert to_cell(value, declared(schema)) == expected, reason


@pytest.mark.parametrize(
    ("text", "utc", "reason"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "UTC stays"),
        ("2026-01-01T00:00:00+02:00", "2025-12-31 22:00:00", "another zone is converted"),
        ("2026-01-01T00:00:00-0930", "2026-01-01 09:30:00", "a zone without a colon"),
        ("2026-01-01T00:00:00", "2026-01-01 00:00:00", "no zone is UTC"),
        ("2026-01-01 00:00:00 +0000", "2026-01-01 00:00:00", "spaces"),
        ("2026-01-01t00:00:00z", "2026-01-01 00:00:00", "small letters"),
        ("2026-01-01", "2026-01-01 00:00:00", "a day alone is its midnight"),
        ("2026-01-01T00:00:00.123456Z", "2026-01-01 00:00:00.123456", "microseconds are kept"),
        ("2026-01-01T00:00:00.1234569Z", "2026-01-01 00:00:00.123456", "further digits are cut"),
        ("2016-12-31T23:59:60Z", "2017-01-01 00:00:00", "a leap second is the next minute's first"),
        ("0001-01-01T00:00:00Z", "0001-01-01 00:00:00", "the first year"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31 23:59:59.999999", "the last"),
    ],
)
@pytest.mark.parametrize("schema", [DATE_TIME, ODD_DATE_TIME], ids=["format", "type"])
def test_a_date_time_becomes_utc_without_zone(text: str, utc: str, reason: str, schema: dict[str, Any]) -> None:
    assert to_cell(text, declared(schema)) == ("TIMESTAMP", utc), reason


@pytest.mark.parametrize(
    ("value", "schema", "message", "reason"),
    [
        (2**63, {}, "9223372036854775808 is out of range for BIGINT", "one more than a bigint holds"),
        (-(2**63) - 1, {"type": "number"}, "-9223372036854775809 is out of range for BIGINT", "one less"),
        pytest.param(10**5000, {}, "1000.*… is out of range for BIGINT", "Python refuses to print it", id="huge"),
        (10**38, CENTS, "out of range for DECIMAL", "more than 38 digits"),
        (float("nan"), CENTS, "NaN is out of range for DECIMAL", "decimals know no NaN"),
        (Decimal("Infinity"), {}, "Infinity is out of range for DECIMAL", "nor infinity"),
        (Decimal("1E-50"), {}, "1E-50 is out of range for DECIMAL", "too small to write"),
        ("10000-01-01T00:00:00Z", DATE_TIME, "'10000-01-01T00:00:00Z' is out of range for TIMESTAMP", "year 10000"),
        ("0000-00-00 00:00:00", DATE_TIME, "out of range for TIMESTAMP", "MySQL's zero date"),
        ("2026-02-30T00:00:00Z", DATE_TIME, "out of range for TIMESTAMP", "no such day"),
        ("0001-01-01T00:00:00+10:00", DATE_TIME, "out of range for TIMESTAMP", "before the first year in UTC"),
        ("a\ud800b", {}, r"'a\\ud800b' is not valid Unicode", "half a surrogate pair"),
    ],
)
def test_a_value_out_of_range_is_rejected(value: Any, schema: dict[str, Any], message: str, reason: str) -> None:
    with pytest.raises(RecordRejectedError, match=message):
        to_cell(value, declared(schema))


@pytest.mark.parametrize(
    ("schema", "facts", "reason"),
    [
        ({}, (False, False, False, None), "nothing"),
        (None, (False, False, False, None), "no schema"),
        (True, (False, False, False, None), "a schema may be a boolean"),
        ({"type": 5}, (False, False, False, None), "no type"),
        ({"type": ["null", "integer"]}, (False, True, False, None), "a list of types"),
        (ODD_DATE_TIME, (True, False, False, None), "date-time as a type"),
        ({"anyOf": [DATE_TIME, {"type": ["null", "string"]}]}, (True, False, False, None), "anyOf"),
        ({"oneOf": [{"type": "integer"}, {"allOf": [CENTS]}]}, (False, True, True, 2), "nested combinations"),
        ({"type": "number", "multipleOf": 1e-08}, (False, False, True, 8), "digits after the point"),
        ({"type": "number", "multipleOf": 10}, (False, False, True, 0), "none after the point"),
        ({"type": "number", "multipleOf": 0}, (False, False, True, None), "not a valid multipleOf"),
        ({"multipleOf": 0.5}, (False, False, False, 1), "multipleOf alone"),
    ],
)
def test_a_schema_declares(schema: Any, facts: tuple[bool, bool, bool, int | None], reason: str) -> None:
    found = declared(schema)
    assert (found.timestamp, found.integer, found.number, found.scale) == facts, reason


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("BIGINT", "__bi"),
        ("DOUBLE", "__do"),
        ("BOOLEAN", "__bo"),
        ("VARCHAR", "__st"),
        ("TIMESTAMP", "__ti"),
        ("DECIMAL", "__de"),
        ("INTEGER", "__in"),
    ],
)
def test_a_split_column_gets_the_suffix_of_its_type(kind: str, expected: str) -> None:
    assert suffix(kind) == expected


def test_a_decimal_type_is_taken_apart() -> None:
    assert (kind_of("DECIMAL(18,3)"), digits_of("DECIMAL(18,3)")) == ("DECIMAL", (18, 3))
    assert kind_of("DOUBLE") == "DOUBLE"


@pytest.mark.parametrize(
    ("text", "digits"), [("0", (0, 0)), ("-12.30", (2, 1)), ("0.001", (0, 3)), ("007", (1, 0)), ("100", (3, 0))]
)
def test_digits_before_and_after_the_point(text: str, digits: tuple[int, int]) -> None:
    assert decimal_digits(text) == digits


@given(st.datetimes(timezones=st.timezones()).filter(lambda moment: 1 < moment.year < 9999))
def test_any_moment_keeps_its_instant(moment: datetime) -> None:
    kind, text = to_cell(moment.isoformat(), declared(DATE_TIME))
    assert kind == "TIMESTAMP"
    assert datetime.fromisoformat(text).replace(tzinfo=UTC) == datetime.fromisoformat(moment.isoformat())
