"""Five-field cron, which Unix takes and Quartz does not: the same in Quartz's fields."""

from __future__ import annotations

import re

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ANY = ("*", "?")
# A day's number, but not the step after a slash.
_DAY = re.compile(r"(?<![/\d])[0-7](?!\d)")


def fields_hint(expression: str) -> str:
    """Say what Quartz wants, of an expression that has too few fields; empty of one that has enough."""
    fields = expression.upper().split()
    if len(fields) > 5:
        return ""
    same = _in_quartz(fields) if len(fields) == 5 else None
    told = "Quartz takes six or seven fields, seconds first"
    return f'{told}: "{same}".' if same else f'{told}, such as "0 0 12 * * ?".'


def _in_quartz(fields: list[str]) -> str | None:
    """Write Unix's minute, hour, day, month and weekday for Quartz; None where it is not the same word for word."""
    minute, hour, day, month, weekday = fields
    if weekday in _ANY:
        return f"0 {minute} {hour} {'*' if day in _ANY else day} {month} ?"
    # Of two days Unix fires on either, and Quartz takes one; a step after a name Quartz passes over.
    if day not in _ANY or ("/" in weekday and not weekday.startswith("*")):
        return None
    # Unix counts from 0, which is Sunday as is 7; Quartz from 1.
    return f"0 {minute} {hour} ? {month} {_DAY.sub(lambda found: _DAYS[int(found[0]) % 7], weekday)}"
