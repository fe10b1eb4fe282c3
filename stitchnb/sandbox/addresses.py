"""Which addresses are this machine's own: the only ones that the sandbox ever sends anything to."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def parsed_url(text: str) -> httpx.URL | None:
    """Read an absolute http or https URL; None for anything else.

    The reader is the one that requests are sent by, so that both see the same host in whatever is written.
    """
    import httpx

    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        return None
    return url if url.scheme in ("http", "https") and url.host else None


def is_loopback(url: httpx.URL) -> bool:
    """Say whether a URL's host is this machine by its loopback address or as ``localhost``."""
    if url.host == "localhost":
        return True
    try:
        return ip_address(url.host).is_loopback
    except ValueError:
        return False
