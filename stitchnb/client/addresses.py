"""Where the API is, and where a token may travel."""

from __future__ import annotations

import ipaddress
from typing import Literal

import httpx

from stitchnb.errors import InvalidInputError

Region = Literal["us", "eu"]

BASE_URLS = {"us": "https://api.stitchdata.com", "eu": "https://api.eu-central-1.stitchdata.com"}


def base_url_of(region: Region | None, base_url: str | None) -> str:
    """Choose the API's address by region, North America by default, or take the one that is given.

    Raises
    ------
    InvalidInputError
        For a region that there is none of, and for a region and an address that contradict each other.
    """
    if region is not None and region not in BASE_URLS:
        raise InvalidInputError(f"There is no region {region!r}. Pass 'us' (North America) or 'eu' (Europe).")
    if base_url is None:
        return BASE_URLS[region or "us"]
    checked = checked_base_url(base_url)
    if region is not None and checked != BASE_URLS[region]:
        raise InvalidInputError(f"region={region!r} is at {BASE_URLS[region]}, not at {checked}. Pass one of the two.")
    return checked


def checked_base_url(base_url: str) -> str:
    """Refuse a base URL over which a token would travel in the clear, or that holds a secret itself."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise InvalidInputError(f"{base_url!r} is not a URL: {error}. Pass one such as {BASE_URLS['us']}.") from error
    if url.userinfo:
        raise InvalidInputError("The base URL contains a user name or password. Remove it, and pass token= instead.")
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise InvalidInputError(f"{base_url!r} is not a base URL. Pass one such as {BASE_URLS['us']}.")
    if url.scheme == "http" and not is_loopback(base_url):
        raise InvalidInputError(
            f"{base_url!r} would send the access token unencrypted. Pass an https:// address; http:// is only for a "
            "sandbox on this machine."
        )
    return base_url.rstrip("/")


def is_loopback(base_url: str) -> bool:
    """Does this URL lead to this very machine?"""
    host = httpx.URL(base_url).host
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    """Do both URLs lead to the very same server: scheme, host and port?"""
    return (one.scheme, one.host, _port(one)) == (other.scheme, other.host, _port(other))


def _port(url: httpx.URL) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


_APP_URLS = {url: url.replace("//api.", "//app.", 1) for url in BASE_URLS.values()}


def source_page(base_url: str, client_id: int | None, source_id: int | None) -> str:
    """Give the address of a source's page in the app; empty where the API at `base_url` has no app.

    Parameters
    ----------
    base_url
        Where the API is. A sandbox has no app.
    client_id, source_id
        The account and the source. Where one of them is not known, the address is the app's own.
    """
    app = _APP_URLS.get(base_url, "")
    if not app or client_id is None or source_id is None:
        return app
    return f"{app}/client/{client_id}/pipeline/v2/sources/{source_id}/summary"
