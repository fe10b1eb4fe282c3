"""The texts on signing in with a browser, and on what Stitch supplies; forms and wizards show them."""

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
    """What the user does in a browser, and how to continue afterwards.

    Attributes
    ----------
    notes
        Sentences on what is needed.
    link
        The page of Stitch's app that grants access; empty in a sandbox.
    sandbox_code
        The call that grants access in a sandbox; empty elsewhere.
    resume_code
        The cell that resumes setup later; empty without a source, or if access is granted.
    """

    notes: tuple[str, ...]
    link: str = ""
    sandbox_code: str = ""
    resume_code: str = ""

    def to_page(self) -> dict[str, Any]:
        """Return what ``next.js`` draws: a link, and code to copy."""
        codes = (
            ("Grant access in the sandbox", self.sandbox_code),
            ("Resume setup later", self.resume_code),
        )
        return {
            "link": self.link,
            "words": "Open in Stitch and authorize",
            "codes": [{"title": title, "text": text} for title, text in codes if text],
        }


def needs_authorization(card: ReportCard) -> bool:
    """Does the type require a sign-in in a browser?"""
    return card.step("oauth") is not None


def awaits_authorization(card: ReportCard) -> bool:
    """Does the source wait for a sign-in in a browser?"""
    return card.current_step_type in _GRANTED_STEPS


def stitch_link(source: Source | None, base_url: str) -> str:
    """Return the address of a source in Stitch's app, or of the app without a source; empty in a sandbox."""
    return source_page(base_url, source.stitch_client_id if source else None, source.id if source else None)


def resume_code(source_id: int, *, in_sandbox: bool = False) -> str:
    """Return the cell that resumes the setup of a source later, in any notebook.

    An embedded sandbox ends with its client, so its cell uses the notebook's own.
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
    """Return what is needed besides the form; None if no sign-in is required.

    Parameters
    ----------
    card
        The card of the type or of the source.
    source
        The source, once it exists.
    base_url
        The base URL of the client, for the link.
    in_sandbox
        Is the client a sandbox, where a call grants access?
    has_switch
        Can the user enter their own OAuth app?
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
    notes = [f"{title} requires you to sign in. Tokens are stored by Stitch, never in this notebook."]
    if source is not None and card.current_step_type not in ("form", *_GRANTED_STEPS):
        notes.append("Access is granted. To grant it again, open the source in Stitch and click Authorize.")
    elif source is not None:
        notes.append("Open the source in Stitch and click Authorize. Setup continues automatically.")
    else:
        notes.append("After creating the source, open it in Stitch and click Authorize. Setup continues automatically.")
    if card.step("profile") is not None:
        notes.append("Stitch then asks which profile to read.")
    if in_sandbox and source is None:
        notes.append("In the sandbox no sign-in is needed: you will get an Authorize button.")
    if has_switch:
        notes.append(
            "To use your own OAuth app, turn this on and paste its credentials. Anything you leave blank comes from "
            "Stitch."
        )
    return notes


def switch(card: ReportCard, fields: Collection[FormField]) -> dict[str, Any] | None:
    """Describe the switch for properties that Stitch supplies; None if there are none."""
    if not fields:
        return None
    is_oauth = needs_authorization(card) or any(word in field.name for field in fields for word in _CLIENT_WORDS)
    labels = [field.label for field in fields]
    if is_oauth:
        label = "Use my own OAuth app"
    else:
        label = f"Use my own {labels[0][:1].lower() + labels[0][1:]}" if len(labels) == 1 else "Use my own values"
    supplied = "it" if len(labels) == 1 else f"all {len(labels)} values"
    return {
        "label": label,
        "off": f"Off: Stitch supplies {supplied}.",
        "on": "On: your values are used; Stitch supplies the rest." if len(labels) > 1 else "On: your value is used.",
    }
