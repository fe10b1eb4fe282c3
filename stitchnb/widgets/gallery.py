"""A gallery of source types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from stitchnb.errors import InvalidInputError, StitchError, UnknownSourceTypeError
from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.labels import other_names, type_title
from stitchnb.rules.report_cards.products import KIND_TITLES, TypeKind, access_error, type_kind
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of

_PIPELINE_TONES = {"beta": "warn", "alpha": "warn", "deprecated": "error"}


class TypeGallery(Panel):
    """Lists source types to search and choose from.

    Parameters
    ----------
    cards
        The report cards of all types, as ``client.source_types.list()`` returns them.
    on_choose
        Called with the report card of the chosen type.
    on_error
        Called with the error when a click fails.
    """

    _esm = asset("dom.js", "line.js", "type_gallery.js")
    _css = asset("card.css", "type_gallery.css")

    def __init__(
        self,
        cards: Iterable[ReportCard],
        *,
        on_choose: Callable[[ReportCard], object],
        on_error: Callable[[StitchError], None],
    ) -> None:
        self._cards = {card.type_name: card for card in cards if card.type_name}
        self._on_choose = on_choose
        self._on_error = on_error
        shown = sorted(self._cards.values(), key=lambda card: type_title(card.type_name).casefold())
        kinds = [kind for kind in TypeKind if any(type_kind(card) is kind for card in shown)]
        super().__init__(
            {
                "types": [_tile(card, self._cards) for card in shown],
                "kinds": [[str(kind), KIND_TITLES[kind]] for kind in kinds],
            }
        )

    def choose(self, type: str) -> None:
        """Choose a type by its API name, such as ``platform.recurly``.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; the message lists similar ones.
        InvalidInputError
            When this account has no access to it; the message names its successor, if any.
        """
        card = self._cards.get(type)
        if card is None:
            raise UnknownSourceTypeError(
                type, list(self._cards), hint="client.source_types.to_frame() lists all types."
            )
        refusal = access_error(card)
        if refusal:
            raise InvalidInputError(refusal)
        self._on_choose(card)

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind != "choose":
            raise MessageError(f"{kind} is not known")
        self.choose(text_of(content, "value"))

    def _show_error(self, error: StitchError) -> None:
        self._on_error(error)

    def _table(self) -> str:
        rows = "".join(
            f"<tr><td>{escape(tile['title'])}</td><td><code>{escape(tile['type'])}</code></td>"
            f"<td>{escape(tile['kind'])}</td><td>{escape(tile['state'])}</td></tr>"
            for tile in self._content["types"]
        )
        head = "".join(f"<th>{name}</th>" for name in ("Name", "Type", "Kind", "State"))
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def __repr__(self) -> str:
        return f"TypeGallery({len(self._cards)} source types)"


def _tile(card: ReportCard, known: Mapping[str, ReportCard]) -> dict[str, Any]:
    """Describe one type; an unavailable one has the reason and its successor."""
    state = card.details.pipeline_state or ""
    upgrade = card.upgrade_available if card.upgrade_available in known else None
    tile = {
        "type": card.type_name,
        "title": type_title(card.type_name),
        "kind": str(type_kind(card)),
        "state": state,
        "tone": _PIPELINE_TONES.get(state, "mute"),
        "tier": "enterprise" if card.details.pricing_tier == "enterprise" else "",
        "refusal": _unavailable_reason(card),
        "upgrade": {"type": upgrade, "title": type_title(upgrade)} if upgrade else None,
        "also": other_names(card.type_name),
    }
    return {key: value for key, value in tile.items() if value}


def _unavailable_reason(card: ReportCard) -> str:
    if card.details.pipeline_state == "deprecated":
        return "Deprecated. New sources can't be created."
    if card.details.access is False:
        return (
            "Not in this account's plan."
            if card.details.pipeline_state != "alpha"
            else "In alpha. Ask Stitch for access."
        )
    return "Can't be created with the API." if not card.steps else ""
