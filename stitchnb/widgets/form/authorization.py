"""What is said of the part that a person grants in a browser, and of what Stitch gives by itself.

Words and data only: who draws them, a form or another widget, is not known here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from stitchnb.client.addresses import source_page
from stitchnb.models import Source
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets.form.fields import FormField

_CLIENT_WORDS = ("oauth", "client", "token", "consumer")
_GRANTED_STEPS = ("oauth", "profile")


@dataclass(frozen=True)
class Explanation:
    """What a person does in a browser, and how one goes on afterwards.

    Attributes
    ----------
    notes
        What is needed, in sentences.
    link
        The address in Stitch's app where access is granted; empty where there is none, as of a sandbox.
    sandbox_code
        The call that stands in for the browser in a sandbox; empty elsewhere.
    resume_code
        The cell with which one goes on later; empty while there is no source, or nothing is left to grant.
    """

    notes: tuple[str, ...]
    link: str = ""
    sandbox_code: str = ""
    resume_code: str = ""

    def to_page(self) -> dict[str, Any]:
        """Describe what ``drawNext`` of ``next.js`` draws: a link, and code to copy."""
        codes = (
            ("In this sandbox, this call grants it", self.sandbox_code),
            ("To go on later, run this cell", self.resume_code),
        )
        return {
            "link": self.link,
            "words": "Open it in Stitch to authorize it",
            "codes": [{"title": title, "text": text} for title, text in codes if text],
        }


def needs_authorization(card: ReportCard) -> bool:
    """Must somebody grant access in a browser?"""
    return card.step("oauth") is not None


def awaits_authorization(card: ReportCard) -> bool:
    """Is it a browser's turn now? Of the card of a source that is there."""
    return card.current_step_type in _GRANTED_STEPS


def stitch_link(source: Source | None, base_url: str) -> str:
    """Give the address of a source in Stitch's app, or of the app where there is no source yet; empty of a sandbox."""
    return source_page(base_url, source.stitch_client_id if source else None, source.id if source else None)


def resume_code(source_id: int, *, in_sandbox: bool = False) -> str:
    """Write the cell with which one goes on with a source later, in a notebook that may be another one.

    An embedded sandbox lives with its client, so its cell takes the notebook's own.
    """
    client = "" if in_sandbox else "client = stitchnb.connect()\n"
    return f"import stitchnb\n\n{client}stitchnb.SourceWizard(client, source={source_id})"


def explanation(
    card: ReportCard,
    *,
    source: Source | None = None,
    base_url: str = "",
    in_sandbox: bool = False,
    has_switch: bool = False,
) -> Explanation | None:
    """Say what is needed besides the form, and how one goes on; None where nobody has to grant anything.

    Parameters
    ----------
    card
        The type's card, or the source's own.
    source
        The source, once it is there.
    base_url
        Where the client's API is, for the link.
    in_sandbox
        The client is of a sandbox, where a call stands in for the browser.
    has_switch
        One may bring an OAuth client of one's own.
    """
    if not needs_authorization(card):
        return None
    notes = tuple(_notes(card, source=source, in_sandbox=in_sandbox, has_switch=has_switch))
    link = "" if in_sandbox else stitch_link(source, base_url)
    if source is None or not awaits_authorization(card):
        return Explanation(notes, link)
    call = f"client.sandbox.authorize({source.id})" if in_sandbox else ""
    return Explanation(notes, link, call, resume_code(source.id, in_sandbox=in_sandbox))


def _notes(card: ReportCard, *, source: Source | None, in_sandbox: bool, has_switch: bool) -> list[str]:
    title = type_title(card.type_name)
    said = [f"{title} asks a person to grant access in a browser. What it grants goes to Stitch, and never comes here."]
    if source is not None and card.current_step_type not in ("form", *_GRANTED_STEPS):
        said.append("That was done for this source. To grant it anew, open the source in Stitch and authorize it.")
    else:
        before = "Create the source, then open it in Stitch" if source is None else "Open the source in Stitch"
        said.append(f"{before} and authorize it: until then it waits at this step, and afterwards goes on by itself.")
    if card.step("profile") is not None:
        said.append("After that Stitch asks which profile to read.")
    if in_sandbox and source is None:
        said.append("In this sandbox nobody has to: once the source is there, it says what stands in for that.")
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
        "label": "Use my own OAuth app" if is_client else "Bring my own",
        "off": f"Off: Stitch gives {count} itself.",
        "on": "On: what is filled in below is sent; what is blank Stitch gives.",
    }
