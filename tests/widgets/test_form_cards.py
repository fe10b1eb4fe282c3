"""Forms of any card: of every type there is, and of cards that nobody has thought of."""

import json
from typing import Any

import pytest
from form_cards import TEXT, card, prop
from form_page import TODAY, existing
from form_values import CATALOGUE_DESTINATIONS, CATALOGUE_SOURCES, SCHEMAS, anything, fitting, generated, values_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.properties import bad_properties, is_user_required, properties_errors
from stitchnb.rules.schema.inputs import STRUCTURED, InputKind
from stitchnb.widgets import ConnectionForm


@given(generated)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_form_of_any_card_builds_and_names_what_is_needed(report_card: ReportCard) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    assert form._repr_mimebundle_()[0]["text/html"]
    json.dumps(form._spec)
    json.dumps(form._state())
    drawn = [field["name"] for group in form._spec["groups"] for field in group["fields"]]
    assert sorted(drawn) == sorted(prop.name for prop in report_card.properties), "every field is drawn once"
    missing = {p.name for p in report_card.properties if is_user_required(p)} - set(form.values)
    assert set(form.errors) == missing
    assert set(properties_errors(report_card, form.values)) == missing


@given(generated, st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_form_and_rules_accept_the_same_values(report_card: ReportCard, data: st.DataObject) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    for one in report_card.properties:
        if one.is_read_only:
            continue
        fit = values_of(dict(one.json_schema) if one.json_schema is not None else None, 1)
        form[one.name].value = data.draw(st.one_of(anything, *([st.sampled_from(fit)] if fit else [])))
    errors = form.errors
    refused = set(bad_properties(report_card, form.values))
    if "cron_expression" in errors and "cron_expression" not in refused:
        # Quartz judges an expression apart from the card.
        assert "cron_expression" in errors["cron_expression"]
        del errors["cron_expression"]
    needed = {f.name for f in form if f.missing}
    assert set(errors) - needed == refused
    if form.is_valid:
        assert bad_properties(report_card, form.submit()) == []


@given(generated, st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_typed_and_accepted_the_rules_accept_too(report_card: ReportCard, data: st.DataObject) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    texts = st.one_of(anything.map(lambda v: v if isinstance(v, str) else json.dumps(v)), st.text(max_size=8))
    for field in form:
        if not field.read_only:
            field.type_in(data.draw(texts), as_json=field.input.kind in STRUCTURED and data.draw(st.booleans()))
    refused = bad_properties(report_card, form.values)
    assert set(refused) <= set(form.errors)
    assert json.loads(json.dumps(form._state()))


@pytest.mark.parametrize(("schema", "fitting", "wrong"), SCHEMAS)
def test_a_right_value_passes_and_a_wrong_one_is_caught_at_its_field(
    schema: Any, fitting: list[Any], wrong: list[Any]
) -> None:
    report_card = card(prop("a", schema, required=True), prop("b", TEXT))
    for value in fitting:
        form = ConnectionForm(report_card, values={"a": value, "b": "b"})
        assert form.errors == {}
        assert bad_properties(report_card, form.submit()) == []
    for value in wrong:
        assert list(ConnectionForm(report_card, values={"a": value, "b": "b"}).errors) == ["a"]


CATALOGUE = [
    *(pytest.param(one, id=f"source {one.type_name}") for one in CATALOGUE_SOURCES),
    *(pytest.param(one, id=f"destination {one.type_name}") for one in CATALOGUE_DESTINATIONS),
]


@pytest.mark.parametrize("report_card", CATALOGUE)
def test_the_form_of_every_type_there_is_can_be_filled_in(report_card: ReportCard) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    assert form._repr_mimebundle_()[0]["text/html"]
    needed = [p.name for p in report_card.properties if p.is_user_required and p.name not in form.values]
    assert list(form.errors) == needed
    for name in needed:
        form[name].value = fitting(form, name)
    assert form.errors == {}
    assert properties_errors(report_card, form.submit()) == {}
    for field in form:
        if not field.read_only:
            field.value = fitting(form, field.name)
    assert form.errors == {}
    assert bad_properties(report_card, form.values) == []


@pytest.mark.parametrize("report_card", CATALOGUE)
def test_a_wrong_value_is_caught_in_the_form_of_every_type(report_card: ReportCard) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    for field in form:
        if field.read_only or field.input.expected in ("any text", "a credential"):
            continue
        field.value = {"wrong": True} if field.input.kind in STRUCTURED else "\u2603"
        # Quartz judges an expression apart from the card.
        if not field.hidden and field.name != "cron_expression":
            assert field.name in form.errors
            assert field.name in bad_properties(report_card, {field.name: field.value})
        field.value = fitting(form, field.name)
        assert field.name not in form.errors


@pytest.mark.parametrize("report_card", [one for one in CATALOGUE if one.values[0].steps])
def test_every_type_can_be_changed(report_card: ReportCard) -> None:
    new = ConnectionForm(report_card, today=TODAY)
    given = {f.name: fitting(new, f.name) for f in new if not f.read_only and not f.input.is_secret}
    form = ConnectionForm(report_card, connection=existing(report_card, properties=given))
    assert form.errors == {}
    assert form.changes == {}
    assert form._repr_mimebundle_()[0]["text/html"]


def test_no_kind_of_input_is_left_untried() -> None:
    tried = {ConnectionForm(card(prop("a", schema)))["a"].input.kind for schema, _, _ in SCHEMAS}
    assert tried >= set(InputKind) - {InputKind.SECRET}
