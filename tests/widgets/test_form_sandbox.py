"""A form and the sandbox's API judge the same values alike: what one accepts the other accepts, and the reverse."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from form_page import TODAY
from form_values import CATALOGUE_DESTINATIONS, CATALOGUE_SOURCES, anything, fitting, generated, values_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stitchnb
from stitchnb.errors import BadRequestError, InvalidPropertiesError
from stitchnb.models import ReportCard
from stitchnb.rules.schema.inputs import STRUCTURED
from stitchnb.sandbox.plans import Plan
from stitchnb.sandbox.resources import sources
from stitchnb.widgets import ConnectionForm

SOURCES = [card for card in CATALOGUE_SOURCES if card.steps]
DESTINATIONS = [card for card in CATALOGUE_DESTINATIONS if card.steps]

# What somebody might type anywhere.
TEXTS = [
    *("x", "1", "0", "-1", "1.5", "60", "61", "true", "false", "yes", "a b", "db.example.com", "999.1.1.1", "::1", "☃"),
    *("2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-31T13:00:00Z", "2024-01-31"),
    *("https://example.com", "example", "ann@example.com", "@", "0 0 12 ? * MON-FRI", "0 0 12 1 * MON", "* * *", " "),
    *('["a"]', '[{"name": "n", "id": "1"}]', '[{"name": "n"}]', '{"a": 1}', "[", "null"),
]


class Judge:
    """The sandbox's own answer to properties, from a request over a socket."""

    def __init__(self, sandbox: stitchnb.Sandbox) -> None:
        self.client = sandbox.client()
        self.sandbox = sandbox
        self._numbers = count()

    def refuses(self, card: ReportCard, properties: dict[str, Any]) -> set[str] | None:
        """Name the properties of a new source or destination that it refuses, none where it makes it.

        None stands for a body that is none, because a list or an object is where a string should be.
        """
        try:
            if card in DESTINATIONS:
                made = self.client.destinations.create(card.type_name, properties=properties, validate=False)
                self.client.destinations.delete(made.id)
            else:
                name = f"Source {next(self._numbers)}"
                self.client.sources.create(card.type_name, display_name=name, properties=properties, validate=False)
        except InvalidPropertiesError as error:
            return set(error.bad_properties)
        except BadRequestError as error:
            # Two refusals name no property beside their message; any other is none of the values'.
            if "map of string properties" in error.message:
                return None
            if "cron_expression" not in error.message:
                raise
            return {"cron_expression"}
        return set()


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with (
        stitchnb.Sandbox(pace_s=0, plan="premium", clock="2026-03-20T16:00:00Z") as sandbox,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Types that no plan opens any more have forms too.
        patch.setattr(Plan, "allows_type", lambda plan, details: True)
        yield Judge(sandbox)


def agree(form: ConnectionForm, judge: Judge) -> None:
    """Hold a form's errors against what the sandbox says of the very values that the form would send."""
    wrong = {name for name, field in form._model.fields.items() if field.error and not field.missing}
    refused = judge.refuses(form.report_card, dict(form.values))
    if refused is None:
        assert any(not isinstance(form.values[name], str) for name in wrong), f"{form.type}: {form.values}"
        return
    # An expression is looked at once the schemas are content.
    if refused and "cron_expression" not in refused:
        wrong.discard("cron_expression")
    assert refused == wrong, f"{form.type}: {form.values}"


def every(card: ReportCard) -> str:
    return card.type_name


@pytest.mark.parametrize("card", [*SOURCES, *DESTINATIONS], ids=every)
def test_what_the_form_of_a_type_accepts_is_created(card: ReportCard, judge: Judge) -> None:
    form = ConnectionForm(card, today=TODAY)
    for name in form.errors:
        form[name].value = fitting(form, name)
    assert form.is_valid
    assert judge.refuses(card, dict(form.submit())) == set(), "with what is required"
    for field in form:
        if not field.read_only:
            field.value = fitting(form, field.name)
    assert form.is_valid
    assert judge.refuses(card, dict(form.submit())) == set(), "with everything there is"


@pytest.mark.parametrize("card", [*SOURCES, *DESTINATIONS], ids=every)
def test_a_wrong_value_of_a_type_is_refused_at_the_property_that_the_form_names(card: ReportCard, judge: Judge) -> None:
    for field in ConnectionForm(card, today=TODAY):
        if field.read_only or field.input.expected in ("any text", "a credential"):
            continue
        form = ConnectionForm(card, today=TODAY)
        for condition in form._model.conditions.values():
            form[condition.governor].value = min(condition.values)
        form[field.name].value = {"wrong": True} if field.input.kind in STRUCTURED else "☃"
        assert field.name in form.errors
        agree(form, judge)


@pytest.mark.slow
@given(st.sampled_from(SOURCES), st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_into_a_form_of_the_catalogue_both_judge_alike(
    judge: Judge, card: ReportCard, data: st.DataObject
) -> None:
    form = ConnectionForm(card, today=TODAY)
    names = [field.name for field in form if not field.read_only]
    for name in data.draw(st.sets(st.sampled_from(names), max_size=6)) if names else ():
        field = form[name]
        field.type_in(
            data.draw(st.sampled_from(TEXTS)), as_json=field.input.kind in STRUCTURED and data.draw(st.booleans())
        )
    agree(form, judge)


@pytest.mark.slow
@given(generated, st.data())
@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_of_a_card_that_nobody_has_seen_both_judge_every_value_alike(
    judge: Judge, card: ReportCard, data: st.DataObject
) -> None:
    form = ConnectionForm(waiting_for_authorization(card), today=TODAY)
    for field in form:
        if field.read_only:
            continue
        schema = field.property.json_schema
        fit = values_of(dict(schema) if schema is not None else None, 1) if field.name != "granted" else []
        field.value = data.draw(st.one_of(anything, st.sampled_from(TEXTS), *([st.sampled_from(fit)] if fit else [])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "source_type_card", lambda type: form.report_card)
        agree(form, judge)


def waiting_for_authorization(card: ReportCard) -> ReportCard:
    """Give a card a step that nobody completes: the sandbox cannot discover what it does not know."""
    body = card.to_dict()
    granted = {"name": "granted", "is_required": True, "property_type": "read_only", "json_schema": None}
    body["steps"] = [body["steps"][0], {"type": "oauth", "properties": [granted]}]
    return ReportCard(body)
