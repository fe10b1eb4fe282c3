"""What a form says of the part that a person grants in a browser, and of what Stitch gives by itself."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stitchnb.models.report_card import ReportCard
from stitchnb.rules.words import type_title
from stitchnb.widgets.fields import FormField

_CLIENT_WORDS = ("oauth", "client", "token", "consumer")


def needs_authorization(card: ReportCard) -> bool:
    """Must somebody grant access in a browser?"""
    return card.step("oauth") is not None


def notes(card: ReportCard, *, is_update: bool, has_switch: bool, sandbox_call: str) -> list[str]:
    """Say what is needed besides the form, and what to do.

    Parameters
    ----------
    card
        The type's card, or of an update the source's own.
    is_update
        The source is there already.
    has_switch
        One may bring a client of one's own.
    sandbox_call
        The code that grants access in a sandbox; empty for a real account.
    """
    if not needs_authorization(card):
        return []
    title = type_title(card.type_name)
    said = [f"{title} asks a person to grant access in a browser. What it grants goes to Stitch, and never comes here."]
    if is_update and card.current_step_type not in ("form", "oauth"):
        said.append("That was done for this source. To grant it anew, open the source in Stitch and authorize it.")
    else:
        before = "Open the source in Stitch" if is_update else "Create the source, then open it in Stitch"
        said.append(f"{before} and authorize it: until then it waits at this step, and afterwards goes on by itself.")
    if card.step("profile") is not None:
        said.append("After that Stitch asks which profile to read.")
    if sandbox_call:
        said.append(f"In this sandbox, {sandbox_call} grants it.")
    if has_switch:
        said.append(
            "With an OAuth client of your own, switch it on and paste what you have of it; what you leave blank is "
            "granted in Stitch."
        )
    return said


def switch(card: ReportCard, fields: Collection[FormField]) -> dict[str, Any] | None:
    """Describe the switch for what Stitch would give; None where it gives nothing that one could bring."""
    if not fields:
        return None
    is_client = needs_authorization(card) or any(word in field.name for field in fields for word in _CLIENT_WORDS)
    count = f"{len(fields)} {'property' if len(fields) == 1 else 'properties'}"
    return {
        "label": "Use my own OAuth client" if is_client else "Bring my own",
        "off": f"Off: Stitch gives {count} itself.",
        "on": "On: what is filled in below is sent; what is blank Stitch gives.",
    }
