"""The formats of JSON Schema, really checked: a host is a host, and month 13 is no month.

Each check takes text and sees no white space, letters outside ASCII or line breaks as part of anything. Formats that
are not known here hold for every text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from types import MappingProxyType
from urllib.parse import urlsplit

_LOCAL_PART = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def conforms(format: str, text: str) -> bool:
    """Say whether `text` is of a format, such as ``date-time`` or ``hostname``; an unknown format takes everything."""
    check = CHECKS.get(format)
    return check is None or (text.isascii() and not any(c.isspace() for c in text) and check(text))


def is_date(text: str) -> bool:
    """Say whether `text` is a day of the calendar, such as ``2024-01-31``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_date_time(text: str) -> bool:
    from rfc3339_validator import validate_rfc3339

    return bool(validate_rfc3339(text))


def _is_time(text: str) -> bool:
    return _is_date_time(f"2024-01-31T{text}")


def _is_ipv4(text: str) -> bool:
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return "%" not in text


def _is_hostname(text: str) -> bool:
    from fqdn import FQDN

    # A name of one label is fine: "localhost", or the database's name in a network of containers.
    return bool(text) and not _ends_in_number(text) and bool(FQDN(text, min_labels=1).is_valid)


def _ends_in_number(host: str) -> bool:
    """Is this an address rather than a name? 999.1.1.1 would pass as a name; nothing can ever have it."""
    return host.removesuffix(".").rpartition(".")[2].isdigit()


def _is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(at and len(local) <= 64 and _LOCAL_PART.fullmatch(local) and "." in domain and _is_hostname(domain))


def _is_uri(text: str) -> bool:
    from rfc3986_validator import validate_rfc3986

    return bool(validate_rfc3986(text, rule="URI")) and _has_good_host(text)


def _is_uri_reference(text: str) -> bool:
    from rfc3986_validator import validate_rfc3986

    return bool(validate_rfc3986(text, rule="URI_reference")) and _has_good_host(text)


def _has_good_host(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.scheme in ("http", "https") and not host:
        return False
    return not host or not _ends_in_number(host) or _is_ipv4(host)


def _is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "date": is_date,
        "date-time": _is_date_time,
        "email": _is_email,
        "hostname": _is_hostname,
        "ipv4": _is_ipv4,
        "ipv6": _is_ipv6,
        "time": _is_time,
        "uri": _is_uri,
        "uri-reference": _is_uri_reference,
        "uuid": _is_uuid,
    }
)
"""Every format that is checked, by its name in JSON Schema."""
