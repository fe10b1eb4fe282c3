"""One value of a record on its way into a column: its type, and its text as SQL casts it back without loss."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from stitchnb.sandbox.warehouses.types import BIGINT, BOOLEAN, DECIMAL, DOUBLE, TEXT, TIMESTAMP, Declared, Limits

_COMMON = Limits()
_BIGINT_MIN, _BIGINT_MAX = -(2**63), 2**63 - 1

_TIMESTAMP_SHAPE = re.compile(
    r"(?P<day>[+-]?\d{4,}-\d\d-\d\d)"
    r"(?:[T ](?P<time>\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?) ?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_SHOWN_CHARACTERS = 60

Cell = tuple[str, str]
"""Kind of the column that the value fits, and its text."""


class Rejected(Exception):
    """A record cannot be loaded; the message is the reason that stands in ``_sdc_rejected``."""


def cell(value: str | int | float | Decimal, declared: Declared, limits: Limits = _COMMON) -> Cell:
    """Type and text of one scalar.

    The declared type counts where the value fits it without loss, the value's own type otherwise.

    Raises
    ------
    Rejected
        The value is outside the range of its type, or is text that no encoding can write.
    """
    if isinstance(value, str):
        if declared.timestamp and (text := _timestamp(value)) is not None:
            return TIMESTAMP, text
        return TEXT, _storable(value, limits)
    if isinstance(value, bool):
        return BOOLEAN, "true" if value else "false"
    if isinstance(value, int):
        return _integer(value, declared, limits)
    if isinstance(value, float):
        return (DOUBLE, repr(value)) if declared.scale is None else (DECIMAL, _plain(Decimal(repr(value)), limits))
    return _decimal(value, declared, limits)


def timestamp_text(moment: datetime) -> str:
    """UTC without zone, to the microsecond; a moment without zone is taken for UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat(" ")


def decimal_digits(text: str) -> tuple[int, int]:
    """Digits that a plain decimal needs before and after the point."""
    whole, _, fraction = text.lstrip("-").partition(".")
    return len(whole.lstrip("0")), len(fraction.rstrip("0"))


def _integer(value: int, declared: Declared, limits: Limits) -> Cell:
    if declared.scale is not None:
        return DECIMAL, _plain(Decimal(value), limits)
    if declared.number and not declared.integer and abs(value) <= 2**53:
        return DOUBLE, str(value)
    if _BIGINT_MIN <= value <= _BIGINT_MAX:
        return BIGINT, str(value)
    raise _out_of_range(value, BIGINT)


def _decimal(value: Decimal, declared: Declared, limits: Limits) -> Cell:
    if declared.scale is None and declared.number and value.is_finite():
        nearest = repr(float(value))
        if Decimal(nearest) == value:
            return DOUBLE, nearest
    return DECIMAL, _plain(value, limits)


def _plain(value: Decimal, limits: Limits) -> str:
    """Digits of a decimal without an exponent."""
    if not value.is_finite():
        if limits.special_decimals:
            return "NaN" if value.is_nan() else str(value)
        raise _out_of_range(value, DECIMAL)
    if value and not -limits.fraction_digits <= value.adjusted() < limits.whole_digits:
        raise _out_of_range(value, DECIMAL)
    text = format(value, "f") if value else "0"
    # A column of a fixed scale looks at this itself.
    if not limits.fixed_decimals and len(text.partition(".")[2]) > limits.fraction_digits:
        raise _out_of_range(value, DECIMAL)
    return text


def _storable(value: str, limits: Limits) -> str:
    if "\0" in value and not limits.zero_characters:
        raise Rejected(f"The text {_shown(value)} holds a character that the destination cannot store, U+0000")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Rejected(f"The text {_shown(value)} is not valid Unicode") from error
    return value


def _timestamp(value: str) -> str | None:
    """Text of a date-time in UTC; None when the text is none."""
    # The hyphens tell the usual form from compact ones, which are digits rather than dates.
    if value[4:5] == value[7:8] == "-":
        try:
            return timestamp_text(datetime.fromisoformat(value))
        except (ValueError, OverflowError):
            return _rare_timestamp(value)
    return _rare_timestamp(value)


def _rare_timestamp(value: str) -> str | None:
    """Small letters, a space before the zone, leap seconds, days that are none, and what is after all of them."""
    if value in ("infinity", "-infinity"):
        raise _out_of_range(value, TIMESTAMP)
    match = _TIMESTAMP_SHAPE.fullmatch(value)
    if match is None:
        return None
    day, time, zone = match["day"], match["time"] or "00:00", match["zone"] or ""
    # A leap second is what databases make of it: the next minute's first.
    is_leap = time[5:8] == ":60"
    if is_leap:
        time = f"{time[:5]}:59{time[8:]}"
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{zone.upper()}") + timedelta(seconds=is_leap)
        return timestamp_text(moment)
    except (ValueError, OverflowError) as error:
        raise _out_of_range(value, TIMESTAMP) from error


def _out_of_range(value: object, kind: str) -> Rejected:
    return Rejected(f"{_shown(value)} is out of range for {kind}")


def _shown(value: object) -> str:
    # Decimal prints integers of any length, int refuses beyond 4,300 digits.
    text = ascii(value) if isinstance(value, str) else str(Decimal(value) if isinstance(value, int) else value)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
