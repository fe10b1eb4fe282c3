"""Why there is no connection check of a source or destination yet, and what to do about it."""

from __future__ import annotations

from stitchnb.client.app_pages import source_page
from stitchnb.models import Destination, Source
from stitchnb.rules.report_cards import asked_for

_BY_A_PERSON = ("oauth", "profile")


def why_unchecked(connection: Source | Destination, *, base_url: str, in_sandbox: bool) -> str | None:
    """Say at which step it waits, and what moves it on; None where it should have been checked.

    Parameters
    ----------
    base_url
        Where the API is, for the address of the source in Stitch's own app.
    in_sandbox
        A call stands in for what somebody does in a browser.
    """
    kind = "source" if isinstance(connection, Source) else "destination"
    card, step_type = connection.report_card, connection.report_card.current_step_type or ""
    step = card.step(step_type)
    if connection.deleted_at is not None or step is None:
        return None
    missing = ", ".join(asked_for(step))
    given = f"give {missing} with client.{kind}s.update({connection.id}, properties={{…}})" if missing else ""
    if step_type == "form" and given:
        waits, action = "its form is not complete", given
    elif step_type in _BY_A_PERSON:
        waits = f"it is at its {step_type} step, where somebody has to authorise it"
        authorised = _authorised(connection, base_url=base_url, in_sandbox=in_sandbox)
        action = f"{given}, then {authorised}" if given else authorised
    elif kind == "source" and card.step("discover_schema") is None:
        return f"Source {connection.id} is never checked: {connection.type} is a type without a connection check."
    else:
        return None
    action = f"{action[0].upper()}{action[1:]}"
    return f"There is no check of {kind} {connection.id} yet: {waits}. {action}; it then goes on by itself."


def _authorised(connection: Source | Destination, *, base_url: str, in_sandbox: bool) -> str:
    if in_sandbox:
        return f"call client.sandbox.authorize({connection.id}), which stands in for the browser"
    page = source_page(base_url, connection.stitch_client_id, connection.id)
    return f"authorise it in Stitch{f' ({page})' if page else ''}"
