"""Where people see in Stitch's own app what the API tells of."""

from __future__ import annotations

from stitchnb.client.addresses import BASE_URLS

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
