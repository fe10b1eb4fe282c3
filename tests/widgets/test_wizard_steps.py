"""The steps of a wizard, worked out from a report card alone."""

from typing import Any

import pytest
from form_cards import TEXT, card, prop

from stitchnb.models import ReportCard
from stitchnb.widgets.wizard.step import StepState, step_names, step_of, step_statuses

SCHEDULED = [prop("frequency_in_minutes"), prop("api_key", TEXT, required=True)]
USUAL = card(*SCHEDULED)
OAUTH = card(*SCHEDULED, later=["oauth", "discover_schema", "field_selection", "fully_configured"])
DIRECT = card(*SCHEDULED, later=["fully_configured"])
PUSHED = card(later=["fully_configured"])
UNHEARD = card(*SCHEDULED, later=["sign_contract", "fully_configured"])


@pytest.mark.parametrize(
    ("report_card", "names"),
    [
        (None, "type form discover_schema field_selection schedule run rows"),
        (USUAL, "type form discover_schema field_selection schedule run rows"),
        (OAUTH, "type form oauth discover_schema field_selection schedule run rows"),
        (DIRECT, "type form schedule run rows"),
        (PUSHED, "type form rows"),
        (UNHEARD, "type form sign_contract schedule run rows"),
    ],
)
def test_the_steps_are_those_of_the_type(report_card: ReportCard | None, names: str) -> None:
    assert " ".join(step_names(report_card)) == names


def at(report_card: ReportCard, step: str) -> ReportCard:
    return ReportCard({**report_card.to_dict(), "current_step_type": step})


@pytest.mark.parametrize(
    ("report_card", "step", "shown", "of_new"),
    [
        (USUAL, "form", "form", "form"),
        (USUAL, "discover_schema", "discover_schema", "discover_schema"),
        (USUAL, "fully_configured", "run", "schedule"),
        (DIRECT, "fully_configured", "run", "schedule"),
        (PUSHED, "fully_configured", "rows", "rows"),
        (UNHEARD, "sign_contract", "sign_contract", "sign_contract"),
    ],
)
def test_a_source_is_gone_on_with_where_it_stands(report_card: ReportCard, step: str, shown: str, of_new: str) -> None:
    assert step_of(at(report_card, step)) == shown
    assert step_of(at(report_card, step), is_new=True) == of_new


def told(steps: list[Any]) -> str:
    """The steps as one line: a letter for the state, a capital one where one can go there."""
    letters = {StepState.DONE: "d", StepState.NOW: "n", StepState.FAILED: "f", StepState.NEXT: "x"}
    return "".join(letters[s.state].upper() if s.is_open else letters[s.state] for s in steps)


@pytest.mark.parametrize(
    ("why", "known", "line"),
    [
        ("nothing is chosen yet", {"is_created": False, "current": "type"}, "Nxxxxxx"),
        ("the form is being filled in", {"is_created": False, "current": "form"}, "DNxxxxx"),
        ("a source keeps its type", {"is_created": True, "current": "discover_schema"}, "dDNxxxx"),
        (
            "a failed check is where it was",
            {"is_created": True, "current": "discover_schema", "results": {"discover_schema": StepState.FAILED}},
            "dDFxxxx",
        ),
        ("what comes after is not open before", {"is_created": True, "current": "field_selection"}, "dDDNxxx"),
        ("what is configured can be gone through in any order", {"is_created": True, "current": "run"}, "dDDDDNX"),
        (
            "rows that were looked at have come by a job, whoever started it",
            {
                "is_created": True,
                "current": "run",
                "results": {"rows": StepState.DONE, "discover_schema": StepState.NOW},
            },
            "dDDDDDD",
        ),
        (
            "rows of before do not make a failed job right",
            {"is_created": True, "current": "run", "results": {"rows": StepState.DONE, "run": StepState.FAILED}},
            "dDDDDFD",
        ),
        (
            "rows of before do not end a job that goes on",
            {"is_created": True, "current": "run", "results": {"rows": StepState.DONE, "run": StepState.NOW}},
            "dDDDDND",
        ),
    ],
)
def test_each_step_has_its_state_and_is_open_when_its_turn_has_come(why: str, known: dict[str, Any], line: str) -> None:
    assert told(step_statuses(USUAL, **known)) == line


def test_a_step_that_nobody_has_heard_of_still_has_a_title() -> None:
    step = step_statuses(UNHEARD, is_created=True, current="sign_contract")[2]
    assert (step.title, step.state, step.is_open) == ("Sign contract", StepState.NOW, True)
