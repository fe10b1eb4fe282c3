"""The steps of a wizard: those of a report card, and what comes after it, each with its state.

Which step can be gone to, and how it stands, is worked out here alone, from what Stitch told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.labels import step_note, step_title
from stitchnb.rules.report_cards.products import TypeKind, type_kind

TYPE = "type"
FORM = "form"
CHECK = "discover_schema"
FIELDS = "field_selection"
SCHEDULE = "schedule"
RUN = "run"
ROWS = "rows"

_CONFIGURED = "fully_configured"
_AFTER = (SCHEDULE, RUN, ROWS)
_SCHEDULE_PROPERTIES = frozenset({"frequency_in_minutes", "anchor_time", "cron_expression"})

# What a report card does not name: title, and what happens in it.
_OWN = {
    TYPE: ("Source type", "what to copy from"),
    SCHEDULE: ("Schedule", "when it starts"),
    RUN: ("Run", "a replication job"),
    ROWS: ("Rows", "what has landed"),
}


class StepState(StrEnum):
    """How a step stands."""

    DONE = "done"
    NOW = "now"
    FAILED = "failed"
    NEXT = "next"


@dataclass(frozen=True)
class WizardStep:
    """One step of a wizard.

    Attributes
    ----------
    name
        A step's type as the report card has it, or ``type``, ``schedule``, ``run`` or ``rows``.
    title, note
        What it is called, and what happens in it.
    state
        How it stands.
    is_open
        Can one go there?
    is_unsaved
        Was something typed or chosen there that is not saved yet?
    """

    name: str
    title: str
    note: str
    state: StepState
    is_open: bool
    is_unsaved: bool = False


def step_names(card: ReportCard | None) -> tuple[str, ...]:
    """List the steps from the choice of a type to the first rows; before that choice the usual ones."""
    if card is None:
        return (TYPE, FORM, CHECK, FIELDS, *_AFTER)
    own = [step.type for step in card.steps if step.type != _CONFIGURED]
    return (TYPE, *own, *_after(card))


def _after(card: ReportCard) -> list[str]:
    """List what comes behind a card's steps: without a schedule, or where rows are pushed, there is less of it."""
    is_scheduled = any(prop.name in _SCHEDULE_PROPERTIES for prop in card.properties)
    is_run = type_kind(card) is not TypeKind.PUSH
    return [*([SCHEDULE] if is_scheduled else []), *([RUN] if is_run else []), ROWS]


def step_of(card: ReportCard, *, is_new: bool = False) -> str:
    """Tell the step at which a source stands, by its own card.

    Behind the card's steps it is run, or its rows are looked at; a new one is scheduled first.
    """
    current = card.current_step_type or FORM
    if current != _CONFIGURED:
        return current
    after = [step for step in _after(card) if is_new or step != SCHEDULE]
    return after[0]


def wizard_steps(
    card: ReportCard | None,
    *,
    is_created: bool,
    current: str,
    marks: Mapping[str, StepState] | None = None,
    unsaved: Collection[str] = (),
) -> list[WizardStep]:
    """Work out every step and how it stands.

    Parameters
    ----------
    card
        The type's card or the source's own; None while no type is chosen.
    is_created
        The source is there.
    current
        The step that has been reached; those before it are done.
    marks
        How the last try of some steps ended: one that failed, or one behind the report card that was seen to.
    unsaved
        The steps that were left with something unsaved.
    """
    marks = dict(marks or {})
    if marks.get(ROWS) == StepState.DONE:
        # A job has brought what has landed, whoever started it.
        marks.setdefault(RUN, StepState.DONE)
    names = step_names(card)
    reached = names.index(current) if current in names else 0
    configured = names.index(next(name for name in _AFTER if name in names))
    found = []
    for at, name in enumerate(names):
        state = StepState.DONE if at < reached else StepState.NOW if at == reached else StepState.NEXT
        mark = marks.get(name)
        if mark in (StepState.FAILED, StepState.DONE):
            state = mark
        # A source that is configured can be changed, run and looked at in any order.
        is_open = at <= reached or (is_created and reached >= configured)
        # A source has its type for good.
        is_open = is_open and not (is_created and name == TYPE)
        found.append(WizardStep(name, *_words(name), state, is_open, name in unsaved))
    return found


def _words(name: str) -> tuple[str, str]:
    return _OWN.get(name) or (step_title(name), step_note(name))
