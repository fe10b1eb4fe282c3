"""What the page of a form draws: its structure, sent once and without any value, and the state of its fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING, Any

from stitchnb.models.base import MASK
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.report_cards.labels import choice_label, placeholder, property_label, step_description, step_title
from stitchnb.rules.report_cards.properties import REQUIRED, Condition, PropertyGroup
from stitchnb.rules.schema.inputs import STRUCTURED, InputPart, PropertyInput
from stitchnb.widgets.form import authorization as _authorization
from stitchnb.widgets.form.fields import DisplayNameField, FormField, PropertyField
from stitchnb.widgets.form.schedule import SCHEDULE

if TYPE_CHECKING:
    from stitchnb.widgets.form.model import FormModel

_MAX_VALUE_LENGTH = 80
# Groups that come last, in the titles of the rules.
_LAST_GROUPS = ("Advanced", "Set by Stitch")


def summary(fields: Iterable[FormField], *, is_update: bool) -> str:
    """Summarize a form: ``3 of 5 required fields filled in, 1 error``, or ``2 changes`` for an update."""
    all_fields = list(fields)
    if is_update:
        changed = sum(field.changed and not field.hidden for field in all_fields)
        text = f"{changed or 'no'} {'change' if changed == 1 else 'changes'}"
        wrong = sum(field.error is not None for field in all_fields)
    else:
        required = [field for field in all_fields if field.required and not field.hidden]
        noun = "field" if len(required) == 1 else "fields"
        text = f"{sum(field.given for field in required)} of {len(required)} required {noun} filled in"
        wrong = sum(field.error is not None and not field.missing for field in all_fields)
    return f"{text}, {wrong} {'error' if wrong == 1 else 'errors'}" if wrong else text


def table(title: str, type_name: str, state: str, groups: Sequence[tuple[str, Sequence[tuple[FormField, str]]]]) -> str:
    """Return a form as an HTML table.

    Parameters
    ----------
    title, type_name, state
        The caption.
    groups
        The heading of each group and its fields, each with the value that Stitch sets, if any.
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
    note = f"Error: {field.error}" if field.error else field.help
    cells = (name, f"<code>{escape(field.name)}</code>", escape(_value(field, by_stitch)), escape(note))
    return "<tr>" + "".join(f'<td style="text-align:left">{cell}</td>' for cell in cells) + "</tr>"


def _value(field: FormField, by_stitch: str) -> str:
    if field.input.is_secret and field.given:
        return MASK
    value = field.text or by_stitch
    return value if len(value) <= _MAX_VALUE_LENGTH else value[: _MAX_VALUE_LENGTH - 1] + "…"


_CHIP_TONES = {"released": "ok", "beta": "warn", "alpha": "warn", "deprecated": "error"}
_CONFIGURED = "fully_configured"
_STATE_TONES = {"fully_configured": "ok", "deleted": "error", "paused": "mute"}
_MAX_OPEN_STITCH_FIELDS = 3
# The fields of a destination that are not properties.
_NOT_PROPERTIES = "Name and description"
_WITHOUT_SCHEDULE = "Ready for rows"


@dataclass(frozen=True)
class FieldGroup:
    """Fields under one heading.

    Attributes
    ----------
    notes
        Sentences above the fields.
    switch
        The switch that turns them on, if they are off by default.
    """

    title: str
    fields: tuple[FormField, ...]
    is_folded: bool = False
    notes: tuple[str, ...] = ()
    switch: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Heading:
    """The top of a form.

    Attributes
    ----------
    title, code
        The title, and the name in the API.
    state, tone
        The chip.
    """

    title: str
    code: str
    state: str
    tone: str


def type_heading(card: ReportCard, title: str) -> Heading:
    """Return the heading of a form for something new."""
    state = card.details.pipeline_state or ""
    return Heading(title, card.type_name, state, _CHIP_TONES.get(state, "mute"))


def connection_heading(title: str, code: str, state: str) -> Heading:
    """Return the heading of a form for something that exists."""
    return Heading(title, code, property_label(state).lower() if state else "", _STATE_TONES.get(state, "warn"))


def field_groups(
    groups: Iterable[PropertyGroup], fields: Mapping[str, FormField], governed: Mapping[str, Condition]
) -> list[FieldGroup]:
    """Group the fields of a form: required ones that are not properties come first, dependent ones after theirs."""
    names = {group.name: [prop.name for prop in group.properties] for group in groups}
    leading = [field for field in fields.values() if not isinstance(field, PropertyField) and field.required]
    other = [field for field in fields.values() if not isinstance(field, PropertyField) and not field.required]
    arranged = []
    for group in groups:
        members = [fields[name] for name in _in_order(names[group.name], governed) if name in fields]
        shown = tuple(f for f in members if isinstance(f, PropertyField) and not f.given_by_stitch)
        is_folded = len(shown) > _MAX_OPEN_STITCH_FIELDS if group.name == "stitch" else group.is_folded
        arranged.append(FieldGroup(group.title, shown, is_folded))
    if leading:
        rest = arranged.pop(0) if arranged and arranged[0].title == REQUIRED else FieldGroup(REQUIRED, ())
        arranged.insert(0, replace(rest, fields=(*leading, *rest.fields)))
    arranged.insert(0, FieldGroup(_NOT_PROPERTIES, tuple(other)))
    return [group for group in arranged if group.fields]


def with_authorization(
    arranged: list[FieldGroup], model: FormModel, explained: _authorization.Explanation | None
) -> list[FieldGroup]:
    """Add the group on authorization and on what Stitch supplies, before the advanced fields."""
    switch = _authorization.switch(model.card, model.system_provided)
    notes = explained.notes if explained else ()
    if not switch and not notes:
        return arranged
    title = "Authorization" if notes else "Supplied by Stitch"
    index = next((i for i, group in enumerate(arranged) if group.title in _LAST_GROUPS), len(arranged))
    added = FieldGroup(title, model.system_provided, notes=notes, switch=switch)
    return [*arranged[:index], added, *arranged[index:]]


def _in_order(names: list[str], governed: Mapping[str, Condition]) -> list[str]:
    """Sort the schedule in the order of its control, and dependent fields after the one that they depend on."""
    ranked = sorted(names, key=lambda name: SCHEDULE.index(name) if name in SCHEDULE else len(SCHEDULE))
    followers: dict[str, list[str]] = {}
    for follower, condition in governed.items():
        followers.setdefault(condition.governor, []).append(follower)
    ordered: dict[str, None] = {}

    def add(name: str) -> None:
        if name not in ordered:
            ordered[name] = None
            for follower in followers.get(name, ()):
                add(follower)

    for name in ranked:
        # The field that it depends on may be in another group.
        if name not in governed:
            add(name)
    return list(ordered)


def form_spec(
    heading: Heading,
    model: FormModel,
    groups: Iterable[FieldGroup],
    *,
    action: str,
    copies: list[str],
    has_header: bool = True,
) -> dict[str, Any]:
    """Describe a form: its header, its groups of fields and its button.

    Parameters
    ----------
    copies
        The languages in which the form can be copied as code.
    has_header
        Does it show its own header and steps?
    """
    return {
        "header": has_header,
        "title": heading.title,
        "type": heading.code,
        "chip": {"text": heading.state, "tone": heading.tone},
        "banner": banner(model.card),
        "groups": [_group_spec(group, model) for group in groups],
        "action": action,
        "copies": copies,
        "update": model.is_update,
    }


def _group_spec(group: FieldGroup, model: FormModel) -> dict[str, Any]:
    fields = [field_spec(field, model) for field in group.fields]
    for described in fields:
        if described["name"] in model.conditions:
            described["under"] = model.conditions[described["name"]].governor
    spec: dict[str, Any] = {"title": group.title, "folded": group.is_folded, "fields": fields}
    if any(field.name in SCHEDULE for field in group.fields):
        spec["schedule"] = True
    if group.notes:
        spec["notes"] = list(group.notes)
    if group.switch:
        spec["switch"] = dict(group.switch)
    return spec


def field_spec(field: FormField, model: FormModel) -> dict[str, Any]:
    """Describe one field; missing keys are false or empty."""
    override = model.overrides.get(field.name)
    spec: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        **_input_spec(field.name, field.input),
        "required": field.required,
        "secret": field.input.is_secret,
        "readOnly": field.read_only,
        "locked": bool(field.locked),
        "hidden": field.hidden,
        "help": f"This can't be changed. {field.locked}" if field.locked else field.help,
        "shown": value_by_stitch(field, model),
    }
    if field.name == "display_name":
        spec["placeholder"] = field.input.example
    if override and override.placeholder is not None:
        spec["placeholder"] = override.placeholder
    return {key: value for key, value in spec.items() if value or key == "name"}


def _input_spec(name: str, described: PropertyInput) -> dict[str, Any]:
    titles = described.titles or [choice_label(name, choice) for choice in described.choices]
    spec: dict[str, Any] = {
        "kind": str(described.kind),
        "multiline": described.is_multiline,
        "choices": [[choice, title] for choice, title in zip(described.choices, titles, strict=True)],
        "placeholder": placeholder(name, described),
        "parts": [_part_spec(part) for part in described.parts],
        "item": _part_spec(described.item) if described.item else None,
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


def value_by_stitch(field: FormField, model: FormModel) -> str:
    """Return the value that Stitch sets, if the connection or the type's details have it."""
    if not field.read_only or field.input.is_secret:
        return ""
    value = model.stored_values.get(field.name) or model.card.details.to_dict().get(field.name)
    return value if isinstance(value, str) else ""


def field_state(field: FormField) -> dict[str, Any]:
    """Return what changes of a field while the form is used."""
    state: dict[str, Any] = {
        "text": field.text,
        "given": field.given,
        "missing": field.missing,
        "error": field.error or "",
        "touched": field.touched,
        "revision": field.revision,
        "kept": field.kept and field.value is None,
        "hidden": field.hidden,
        "changed": field.changed,
    }
    if field.input.kind in STRUCTURED:
        state |= {"json": field.as_json, "place": list(field.place) if state["error"] else []}
    # The help of the display name is the only one that changes.
    if isinstance(field, DisplayNameField):
        state["help"] = field.help
    return state


def banner(card: ReportCard) -> str:
    """Return what the user should know first; empty if there is nothing."""
    sentences = []
    if card.details.pipeline_state == "deprecated":
        sentences.append("This type is deprecated.")
    if card.details.access is False:
        sentences.append("This account has no access to it.")
    if card.upgrade_available:
        sentences.append(f"Its successor is {card.upgrade_available}.")
    if not card.steps:
        sentences.append("Its report card has no properties. Set it up in Stitch.")
    return " ".join(sentences)


def steps(card: ReportCard, progress: ReportCard | None) -> list[dict[str, str]]:
    """Describe the steps to a configured source, and their states.

    Parameters
    ----------
    card
        The card of the type.
    progress
        The card of the source; None until it is created.
    """
    current = progress.current_step if progress is not None else 1
    # Without a step in the response, the form is known to be done.
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
