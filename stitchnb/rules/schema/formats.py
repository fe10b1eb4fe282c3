"""The formats of JSON Schema: those of `jsonschema_rs`, stricter where a report card means more than the format says.

A host name is one that a server can have, a URL has a host, a time exists, and its zone may be written ``+0000``, as
the documentation of the API writes it. A format that is not known accepts everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

_ZONE_WITHOUT_COLON = re.compile(r"[+-][0-9]{4}\Z")


def conforms(format: str, text: str) -> bool:
    """Say whether `text` is of a format, such as ``date-time``; an unknown format accepts everything."""
    return stricter_formats().get(format, _standard_format(format))(text)


def is_date(text: str) -> bool:
    """Say whether `text` is a day of the calendar, such as ``2024-01-31``."""
    return conforms("date", text)


@cache
def stricter_formats() -> Mapping[str, Callable[[str], bool]]:
    """Give the formats that are checked differently from `jsonschema_rs`, by name."""
    return MappingProxyType(
        {
            "date": _is_date,
            "date-time": _is_date_time,
            "email": _is_email,
            "hostname": _is_hostname,
            "time": _is_time,
            "uri": lambda text: _standard_format("uri")(text) and _has_real_host(text),
            "uri-reference": lambda text: _standard_format("uri-reference")(text) and _has_real_host(text),
        }
    )


@lru_cache(maxsize=64)
def _standard_format(format: str) -> Callable[[str], bool]:
    import jsonschema_rs

    validator = jsonschema_rs.Draft202012Validator({"format": format}, validate_formats=True)

    def check(text: str) -> bool:
        try:
            return validator.is_valid(text)
        except ValueError:
            # Half a surrogate pair is not text.
            return False

    return check


def _is_date(text: str) -> bool:
    return _standard_format("date")(text) and not text.startswith("0000")


def _is_date_time(text: str) -> bool:
    if _ZONE_WITHOUT_COLON.search(text):
        text = f"{text[:-2]}:{text[-2:]}"
    if not _standard_format("date-time")(text):
        return False
    try:
        # Neither a leap second nor year 0: no destination can store them.
        datetime.fromisoformat(text.upper())
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    return _is_date_time(f"2024-01-31T{text}")


def _is_hostname(text: str) -> bool:
    return _standard_format("hostname")(text.removesuffix(".")) and not _ends_in_number(text)


def _is_email(text: str) -> bool:
    domain = text.rpartition("@")[2]
    return _standard_format("email")(text) and text[0] != '"' and "." in domain and _is_hostname(domain)


def _ends_in_number(host: str) -> bool:
    """Is this an address rather than a name? 999.1.1.1 would pass as a name that no server can have."""
    return host.removesuffix(".").rpartition(".")[2].isdigit()


def _has_real_host(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme in ("http", "https") and not host:
        return False
    return not host or not _ends_in_number(host) or _standard_format("ipv4")(host)
