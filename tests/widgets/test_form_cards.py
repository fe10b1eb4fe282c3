"""Forms of any card: of every type there is, and of cards that nobody has thought of."""

import json
from typing import Any

import pytest
from form_cards import DIGITS, HOST, MIDNIGHT, MINUTES, ROWS, TEXT, card, prop
from form_page import TODAY, existing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stitchnb.models import ReportCard
from stitchnb.rules.inputs import STRUCTURED, InputKind
from stitchnb.rules.properties import bad_properties, is_asked_for, properties_errors
from stitchnb.sandbox import catalog
from stitchnb.widgets import ConnectionForm

# Schema, values that fit, values that do not.
SCHEMAS: list[tuple[Any, list[Any], list[Any]]] = [
    (None, ["x"], []),
    (TEXT, ["x", " y "], [["x"]]),
    (MINUTES, ["60"], ["61", "x"]),
    ({"type": "string", "pattern": "^(true|false)$"}, ["true", True], ["yes"]),
    ({"type": "boolean"}, ["true", False], ["yes"]),
    (MIDNIGHT, ["2024-02-29T00:00:00Z"], ["2023-02-29T00:00:00Z", "soon"]),
    (DIGITS, ["5432", 5432], ["x"]),
    (HOST, ["db.example.com"], ["a b", "999.1.1.1"]),
    ({"type": "string", "format": "date-time"}, ["2024-01-31T13:00:00Z"], ["2024-01-31"]),
    ({"type": "string", "format": "uri"}, ["https://example.com"], ["example"]),
    ({"type": "string", "format": "email"}, ["ann@example.com"], ["@"]),
    ({"type": "integer", "minimum": 3}, ["5", 7], ["2", "x"]),
    ({"type": "number"}, ["1.5"], ["x"]),
    ({"enum": ["a", 1, [2]]}, ["a", [2]], ["b", [3]]),
    ({"oneOf": [{"const": "a"}, {"const": "b"}]}, ["a"], ["c"]),
    ({"type": "array", "items": TEXT}, [["a", "b"]], [[1], "a"]),
    ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [[1, 2]], [["x"], [1]]),
    (ROWS, [[{"name": "n", "id": "1"}]], [[{"name": "n"}], {}, "[]"]),
    (
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": ROWS}, "required": ["a"]},
        [{"a": 1}, {"a": 1, "b": [{"name": "n", "id": "1"}]}],
        [{"b": []}, {"a": "x"}],
    ),
    ({"anyOf": [{"type": "object"}, {"type": "string", "format": "email"}]}, [{"x": 1}, "ann@example.com"], ["x"]),
    ({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}, ["x", ["x"]], [[1]]),
    ({"type": "null"}, [], ["x", 5]),
    ({"type": ["string", "null"]}, ["x"], [[1]]),
    ({"not": TEXT}, [[1]], []),
]

NAMES = [
    *("a", "b", "api_key", "host", "ssh", "ssh_host", "ssl", "ssl_type", "encryption_type", "encryption_host"),
    *("start_date", "anchor_time", "cron_expression", "frequency_in_minutes", "private_key", "name", "client_id"),
]
TYPES = [
    *("user_provided", "user_provided", "user_provided_advanced", "user_provided_immutable"),
    *("system_provided_by_default", "read_only", "unheard_of"),
]

generated = st.lists(
    st.builds(
        lambda name, schema, required, credential, kind: prop(
            name, schema[0], required=required, is_credential=credential, property_type=kind
        ),
        st.sampled_from(NAMES),
        st.sampled_from(SCHEMAS),
        st.booleans(),
        st.booleans(),
        st.sampled_from(TYPES),
    ),
    max_size=8,
    unique_by=lambda one: one["name"],
).flatmap(
    lambda properties: st.builds(
        card,
        *map(st.just, properties),
        later=st.lists(st.sampled_from(["oauth", "profile", "discover_schema", "new"]), max_size=3),
        default_start_date=st.sampled_from([None, "-1 year", 5]),
        default_scheduling_interval=st.sampled_from([None, 60, "x"]),
    )
)
anything = st.sampled_from([value for _, fit, misfit in SCHEMAS for value in (*fit, *misfit)])


def values_of(schema: Any, which: int) -> list[Any]:
    found = next(entry for entry in SCHEMAS if entry[0] == schema)
    values: list[Any] = found[which]
    return values


@given(generated)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_form_of_any_card_builds_and_names_what_is_needed(report_card: ReportCard) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    assert form._repr_mimebundle_()[0]["text/html"]
    json.dumps(form._spec)
    json.dumps(form._state())
    drawn = [field["name"] for group in form._spec["groups"] for field in group["fields"]]
    assert sorted(drawn) == sorted(prop.name for prop in report_card.properties), "every field is drawn once"
    missing = {p.name for p in report_card.properties if is_asked_for(p)} - set(form.values)
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
    *(pytest.param(ReportCard(one), id=f"source {name}") for name, one in catalog.source_types().items()),
    *(pytest.param(ReportCard(one), id=f"destination {name}") for name, one in catalog.destination_types().items()),
]


def fitting(form: ConnectionForm, name: str) -> Any:
    """A value that a field takes, from what the form itself says."""
    wanted = form[name].input
    example = wanted.example or {"sentinel_key": "stitch-challenge-file-1"}.get(name, "x")
    return json.loads(example) if wanted.kind in STRUCTURED else example


@pytest.mark.parametrize("report_card", CATALOGUE)
def test_the_form_of_every_type_there_is_can_be_filled_in(report_card: ReportCard) -> None:
    form = ConnectionForm(report_card, today=TODAY)
    assert form._repr_mimebundle_()[0]["text/html"]
    needed = [p.name for p in report_card.properties if p.is_asked_for and p.name not in form.values]
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
