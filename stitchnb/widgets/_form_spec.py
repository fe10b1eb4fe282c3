"""What a page needs to draw a form, apart from its values: sent once, and holding no value at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.models.report_card import Property, ReportCard
from stitchnb.rules.inputs import InputKind
from stitchnb.rules.properties import REQUIRED, PropertyGroup
from stitchnb.rules.words import choice_label, step_note, step_title, type_title
from stitchnb.widgets.fields import DISPLAY_NAME, DisplayNameField, FormField, PropertyField

_WITH_PLACEHOLDER = (InputKind.URI, InputKind.EMAIL, InputKind.HOST, InputKind.JSON)
_CHIP_TONES = {"released": "ok", "beta": "warn", "alpha": "warn", "deprecated": "error"}


@dataclass(frozen=True)
class FieldGroup:
    """Fields that stand together under a heading."""

    title: str
    fields: tuple[FormField, ...]
    is_folded: bool = False


def field_groups(groups: Iterable[PropertyGroup], fields: Mapping[str, FormField]) -> tuple[FieldGroup, ...]:
    """Arrange a form's fields: the display name first, with what is required."""
    arranged = [
        FieldGroup(
            group.title,
            tuple(field for prop in _in_order(group) if isinstance(field := fields[prop.name], PropertyField)),
            group.is_folded,
        )
        for group in groups
    ]
    display_name = fields.get(DISPLAY_NAME)
    if isinstance(display_name, DisplayNameField):
        required = arranged.pop(0) if arranged and arranged[0].title == REQUIRED else FieldGroup(REQUIRED, ())
        arranged.insert(0, FieldGroup(REQUIRED, (display_name, *required.fields)))
    return tuple(group for group in arranged if group.fields)


def _in_order(group: PropertyGroup) -> list[Property]:
    """Put what most users set first: how often, before what that is counted from."""
    return sorted(group.properties, key=lambda prop: prop.name != "frequency_in_minutes")


def form_spec(card: ReportCard, groups: Iterable[FieldGroup], *, action: str) -> dict[str, Any]:
    """Describe a form: its header, its groups of fields, its button."""
    state = card.details.pipeline_state or ""
    return {
        "title": type_title(card.type_name),
        "type": card.type_name,
        "chip": {"text": state, "tone": _CHIP_TONES.get(state, "mute")},
        "banner": banner(card),
        "groups": [
            {"title": g.title, "folded": g.is_folded, "fields": [field_spec(field, card) for field in g.fields]}
            for g in groups
        ],
        "action": action,
    }


def field_spec(field: FormField, card: ReportCard) -> dict[str, Any]:
    """Describe one field; what is left out is false or empty."""
    wanted = field.input
    spec: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "kind": str(wanted.kind),
        "required": field.required,
        "secret": wanted.is_secret,
        "multiline": wanted.is_multiline,
        "readOnly": field.read_only,
        "byStitch": isinstance(field, PropertyField) and field.given_by_stitch,
        "help": field.help,
        "choices": [[choice, choice_label(field.name, choice)] for choice in wanted.choices],
        "placeholder": wanted.example if field.name == DISPLAY_NAME or wanted.kind in _WITH_PLACEHOLDER else "",
        "shown": shown_by_stitch(field, card),
    }
    return {key: value for key, value in spec.items() if value or key == "name"}


def shown_by_stitch(field: FormField, card: ReportCard) -> str:
    """Give the value that Stitch sets, where the type's details tell it."""
    told = card.details.to_dict().get(field.name) if field.read_only and not field.input.is_secret else None
    return told if isinstance(told, str) else ""


def banner(card: ReportCard) -> str:
    """Say what a user should know before filling in anything; empty where all is well."""
    words = []
    if card.details.pipeline_state == "deprecated":
        words.append("This type is deprecated.")
    if card.details.access is False:
        words.append("This account may not use it.")
    if card.upgrade_available:
        words.append(f"Its successor is {card.upgrade_available}.")
    if not card.steps:
        words.append("Its report card names no properties: what it needs is set up in Stitch itself.")
    return " ".join(words)


def steps(card: ReportCard, progress: ReportCard | None) -> list[dict[str, str]]:
    """Describe the way to a configured source, and how far it has come.

    Parameters
    ----------
    card
        The type's card, which names the steps.
    progress
        The card of the source that was made; None while there is none.
    """
    current = progress.current_step if progress is not None else 1
    # An answer without its step leaves us where we know we are: behind the form.
    current = current if current is not None else 2
    return [
        {
            "type": step.type,
            "title": step_title(step.type),
            "note": step_note(step.type),
            "state": "done" if number < current else "now" if number == current else "next",
        }
        for number, step in enumerate(card.steps, start=1)
    ]
