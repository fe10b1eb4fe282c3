"""What a page needs to draw a form, apart from its values: sent once, and holding no value at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from stitchnb.models.base import MASK
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.report_cards.labels import choice_label, placeholder, property_label, step_description, step_title
from stitchnb.rules.report_cards.properties import REQUIRED, Condition, PropertyGroup
from stitchnb.rules.schema.inputs import InputPart, PropertyInput
from stitchnb.widgets.form import authorization as _authorization
from stitchnb.widgets.form.fields import FormField, PropertyField
from stitchnb.widgets.form.overrides import Override
from stitchnb.widgets.form.schedule import SCHEDULE

_LONGEST = 80


def summary(fields: Iterable[FormField], *, is_update: bool) -> str:
    """Say how far a form is filled in: ``3 of 5 required given, 1 value to mend``, or ``2 changes`` of an update."""
    found = list(fields)
    if is_update:
        changed = sum(field.changed and not field.hidden for field in found)
        words = f"{changed or 'no'} {'change' if changed == 1 else 'changes'}"
        wrong = sum(field.error is not None for field in found)
    else:
        required = [field for field in found if field.required and not field.hidden]
        words = f"{sum(field.given for field in required)} of {len(required)} required given"
        wrong = sum(field.error is not None and not field.missing for field in found)
    return f"{words}, {wrong} {'value' if wrong == 1 else 'values'} to mend" if wrong else words


def table(title: str, type_name: str, state: str, groups: Sequence[tuple[str, Sequence[tuple[FormField, str]]]]) -> str:
    """Write a form as an HTML table.

    Parameters
    ----------
    title, type_name, state
        What stands above it.
    groups
        Each group's heading and its fields, each with the value that Stitch sets, or nothing.
    """
    rows = []
    for heading, fields in groups:
        rows.append(f'<tr><th colspan="4" scope="rowgroup" style="text-align:left">{escape(heading)}</th></tr>')
        rows += [_row(field, by_stitch) for field, by_stitch in fields]
    return "\n".join(
        [
            "<table>",
            f'<caption style="text-align:left"><b>{escape(title)}</b> <code>{escape(type_name)}</code>: '
            f"{escape(state)}</caption>",
            "<thead><tr>"
            + "".join(f'<th style="text-align:left">{name}</th>' for name in ("Property", "Name", "Value", "Note"))
            + "</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            "</table>",
        ]
    )


def _row(field: FormField, by_stitch: str) -> str:
    name = escape(field.label) + (" (required)" if field.required else "")
    note = f"To mend: {field.error}" if field.error else field.help
    cells = (name, f"<code>{escape(field.name)}</code>", escape(_value(field, by_stitch)), escape(note))
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def _value(field: FormField, by_stitch: str) -> str:
    if field.input.is_secret and field.given:
        return MASK
    value = field.text or by_stitch
    return value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"


_CHIP_TONES = {"released": "ok", "beta": "warn", "alpha": "warn", "deprecated": "error"}
_CONFIGURED = "fully_configured"
_STATE_TONES = {"fully_configured": "ok", "deleted": "error", "paused": "mute"}
_MOST_SHOWN_OF_STITCH = 3
# What a destination has besides its properties.
_BESIDE = "Name and description"
_WITHOUT_SCHEDULE = "takes rows"


@dataclass(frozen=True)
class FieldGroup:
    """Fields that stand together under a heading.

    Attributes
    ----------
    notes
        What is said above them.
    switch
        What switches them on, where they are off by themselves.
    """

    title: str
    fields: tuple[FormField, ...]
    is_folded: bool = False
    notes: tuple[str, ...] = ()
    switch: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Heading:
    """What stands at the top of a form.

    Attributes
    ----------
    title, code
        What it is about, in words and as the API names it.
    state, tone
        The chip.
    """

    title: str
    code: str
    state: str
    tone: str


def type_heading(card: ReportCard, title: str) -> Heading:
    """Head the form of something new."""
    state = card.details.pipeline_state or ""
    return Heading(title, card.type_name, state, _CHIP_TONES.get(state, "mute"))


def connection_heading(title: str, code: str, state: str) -> Heading:
    """Head the form of something that is there."""
    return Heading(title, code, property_label(state).lower() if state else "", _STATE_TONES.get(state, "warn"))


def field_groups(
    groups: Iterable[PropertyGroup], fields: Mapping[str, FormField], governed: Mapping[str, Condition]
) -> list[FieldGroup]:
    """Arrange a form's fields: what is no property first, and what another field governs behind that one."""
    names = {group.name: [prop.name for prop in group.properties] for group in groups}
    own = [field for field in fields.values() if not isinstance(field, PropertyField) and field.required]
    beside = [field for field in fields.values() if not isinstance(field, PropertyField) and not field.required]
    arranged = []
    for group in groups:
        members = [fields[name] for name in _in_order(names[group.name], governed) if name in fields]
        found = [field for field in members if isinstance(field, PropertyField)]
        if group.name == "stitch":
            shown = tuple(field for field in found if not field.given_by_stitch)
            arranged.append(FieldGroup(group.title, shown, len(shown) > _MOST_SHOWN_OF_STITCH))
        else:
            shown = tuple(field for field in found if not field.given_by_stitch)
            arranged.append(FieldGroup(group.title, shown, group.is_folded))
    if own:
        rest = arranged.pop(0) if arranged and arranged[0].title == REQUIRED else FieldGroup(REQUIRED, ())
        arranged.insert(0, replace(rest, fields=(*own, *rest.fields)))
    arranged.insert(0, FieldGroup(_BESIDE, tuple(beside)))
    return [group for group in arranged if group.fields]


def given_by_stitch(fields: Mapping[str, FormField]) -> tuple[PropertyField, ...]:
    """List the fields that Stitch fills in, unless the user brings their own."""
    return tuple(f for f in fields.values() if isinstance(f, PropertyField) and f.given_by_stitch)


def with_authorization(
    arranged: list[FieldGroup],
    card: ReportCard,
    fields: Mapping[str, FormField],
    explained: _authorization.Explanation | None,
) -> tuple[FieldGroup, ...]:
    """Add what is said of authorization and of what Stitch gives, before what is for experts."""
    by_stitch = given_by_stitch(fields)
    switch = _authorization.switch(card, by_stitch)
    notes = explained.notes if explained else ()
    if not switch and not notes:
        return tuple(arranged)
    title = "Authorization" if notes else "Given by Stitch"
    at = next((i for i, group in enumerate(arranged) if group.title in ("Advanced", "Set by Stitch")), len(arranged))
    return (*arranged[:at], FieldGroup(title, by_stitch, notes=notes, switch=switch), *arranged[at:])


def _in_order(names: list[str], governed: Mapping[str, Condition]) -> list[str]:
    """Put the schedule in the order of its control, and what a field governs behind it."""
    ranked = sorted(names, key=lambda name: SCHEDULE.index(name) if name in SCHEDULE else len(SCHEDULE))
    followers: dict[str, list[str]] = {}
    for follower, condition in governed.items():
        followers.setdefault(condition.governor, []).append(follower)
    found: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in found:
            found[name] = None
            for follower in followers.get(name, ()):
                add(follower)

    for name in ranked:
        # Another group may hold the governor: then it stands there.
        if name not in governed:
            add(name)
    return list(found)


def form_spec(
    heading: Heading,
    card: ReportCard,
    groups: Iterable[FieldGroup],
    *,
    action: str,
    overrides: Mapping[str, Override],
    values: Mapping[str, Any],
    copies: list[str],
    governed: Mapping[str, Condition],
    is_update: bool,
    has_header: bool = True,
) -> dict[str, Any]:
    """Describe a form: its header, its groups of fields, its button.

    Parameters
    ----------
    values
        What Stitch tells of the connection, for what is only shown.
    copies
        The languages in which it can be copied as code.
    governed
        The fields that count only on a condition.
    is_update
        It changes what is there.
    has_header
        It draws its own header and steps.
    """
    return {
        "header": has_header,
        "title": heading.title,
        "type": heading.code,
        "chip": {"text": heading.state, "tone": heading.tone},
        "banner": banner(card),
        "groups": [_group_spec(group, card, overrides, values, governed) for group in groups],
        "action": action,
        "copies": copies,
        "update": is_update,
    }


def _group_spec(
    group: FieldGroup,
    card: ReportCard,
    overrides: Mapping[str, Override],
    values: Mapping[str, Any],
    governed: Mapping[str, Condition],
) -> dict[str, Any]:
    fields = [field_spec(field, card, overrides.get(field.name), values) for field in group.fields]
    for described in fields:
        if described["name"] in governed:
            described["under"] = governed[described["name"]].governor
    spec: dict[str, Any] = {"title": group.title, "folded": group.is_folded, "fields": fields}
    if any(field.name in SCHEDULE for field in group.fields):
        spec["schedule"] = True
    if group.notes:
        spec["notes"] = list(group.notes)
    if group.switch:
        spec["switch"] = dict(group.switch)
    return spec


def field_spec(
    field: FormField, card: ReportCard, override: Override | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Describe one field; what is left out is false or empty."""
    spec: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        **_input_spec(field.name, field.input),
        "required": field.required,
        "secret": field.input.is_secret,
        "readOnly": field.read_only,
        "locked": bool(field.locked),
        "hidden": field.hidden,
        "help": f"Cannot be changed later. {field.locked}" if field.locked else field.help,
        "shown": shown_by_stitch(field, card, values),
    }
    if field.name == "display_name":
        spec["placeholder"] = field.input.example
    if override and override.placeholder is not None:
        spec["placeholder"] = override.placeholder
    return {key: value for key, value in spec.items() if value or key == "name"}


def _input_spec(name: str, wanted: PropertyInput) -> dict[str, Any]:
    titles = wanted.titles or [choice_label(name, choice) for choice in wanted.choices]
    spec: dict[str, Any] = {
        "kind": str(wanted.kind),
        "multiline": wanted.is_multiline,
        "choices": [[choice, title] for choice, title in zip(wanted.choices, titles, strict=True)],
        "placeholder": placeholder(name, wanted),
        "parts": [_part_spec(part) for part in wanted.parts],
        "item": _part_spec(wanted.item) if wanted.item else None,
    }
    return {key: value for key, value in spec.items() if value}


def _part_spec(part: InputPart) -> dict[str, Any]:
    spec = {
        "name": part.name,
        "label": property_label(part.name),
        "required": part.required,
        **_input_spec(part.name, part.input),
    }
    return {key: value for key, value in spec.items() if value or key == "name"}


def shown_by_stitch(field: FormField, card: ReportCard, values: Mapping[str, Any]) -> str:
    """Give the value that Stitch sets, where the connection or the type's details tell it."""
    if not field.read_only or field.input.is_secret:
        return ""
    told = values.get(field.name) or card.details.to_dict().get(field.name)
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
    is_scheduled = any(prop.name in SCHEDULE for prop in card.properties)
    return [
        {
            "type": step.type,
            "title": step_title(step.type),
            "note": step_description(step.type) if is_scheduled or step.type != _CONFIGURED else _WITHOUT_SCHEDULE,
            "state": "done" if number < current else "now" if number == current else "next",
        }
        for number, step in enumerate(card.steps, start=1)
    ]
