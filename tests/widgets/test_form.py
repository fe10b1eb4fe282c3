"""A form from code: its fields, its values, and what stands in the way."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from form_cards import ROWS, TEXT, card, everything, prop, recurly
from form_page import TODAY, Page, Wire

from stitchnb.errors import InvalidInputError, InvalidValuesError
from stitchnb.models import ReportCard, Secret
from stitchnb.widgets import ConnectionForm, FormField, UnknownFieldError


def filled(**values: Any) -> ConnectionForm:
    """A Recurly form that lacks nothing."""
    given = {"api_key": "key-4711", "subdomain": "acme", "quota_limit": "30"} | values
    return ConnectionForm(recurly(), values=given, today=TODAY)


def test_a_form_begins_with_the_cards_defaults_and_says_what_is_needed() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    assert form.values == {"frequency_in_minutes": "60", "start_date": "2024-11-23T00:00:00Z"}
    assert form.errors == {
        "api_key": "Required: a credential.",
        "subdomain": "Required: any text.",
        "quota_limit": "Required: a whole number, such as 30.",
    }
    assert not form.is_valid
    assert form["start_date"].help.endswith("Default: 1 year ago.")


def test_without_a_day_the_default_start_date_counts_from_today() -> None:
    start = datetime.fromisoformat(ConnectionForm(recurly()).values["start_date"])
    assert timedelta(days=364) < datetime.now(UTC) - start < timedelta(days=368)


@pytest.mark.parametrize(
    "write",
    [
        lambda values: values.__setitem__("quota_limit", "31"),
        lambda values: values.update(quota_limit="31"),
        lambda values: values.setdefault("anchor_time", "2026-01-01T00:00:00Z"),
        lambda values: values.__delitem__("quota_limit"),
        lambda values: values.pop("quota_limit"),
        lambda values: values.popitem(),
        lambda values: values.clear(),
        lambda values: values.__ior__({"quota_limit": "31"}),
    ],
)
def test_values_cannot_be_written_to_and_say_how_one_is_set(write: Callable[[dict[str, Any]], object]) -> None:
    form = filled()
    values = form.values
    with pytest.raises(TypeError, match=r"read-only.*Set one with form\[name\]\.value = …"):
        write(values)
    assert values == form.values
    assert form.values["quota_limit"] == "30"


def test_values_can_be_copied_and_taken_into_a_dict_of_ones_own() -> None:
    values = filled().values
    assert copy.copy(values) == values
    assert list(copy.deepcopy(values)) == list(values)
    assert repr(copy.deepcopy(values)) == repr(values)
    assert {**values, "quota_limit": "31"}["quota_limit"] == (values | {"quota_limit": "31"})["quota_limit"] == "31"


def test_the_guides_values_are_valid_and_come_back_as_they_would_be_sent() -> None:
    form = filled(start_date="2018-01-10T00:00:00Z")
    assert form.errors == {}
    assert form.submit() == {
        "frequency_in_minutes": "60",
        "start_date": "2018-01-10T00:00:00Z",
        "api_key": "key-4711",
        "subdomain": "acme",
        "quota_limit": "30",
    }


def test_a_field_knows_its_label_its_value_and_its_error() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    field = form["quota_limit"]
    assert isinstance(field, FormField)
    assert (field.label, field.required, field.value) == ("Quota limit", True, None)
    field.value = "thirty"
    assert field.error == "Expected a whole number, such as 30."
    assert repr(field) == "PropertyField('quota_limit', value='thirty', error='Expected a whole number, such as 30.')"
    field.value = "30"
    assert field.error is None


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("port", 5432, "5432"),  # properties travel as strings
        ("ssl", True, "true"),
        ("start_date", date(2024, 1, 31), "2024-01-31T00:00:00Z"),
        ("since", datetime(2024, 1, 31, 13, tzinfo=UTC), "2024-01-31T13:00:00Z"),
        ("since", datetime(2024, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))), "2024-01-31T12:00:00Z"),
        ("groups", ["a", "b"], ["a", "b"]),
        ("groups", ("a", "b"), ["a", "b"]),
        ("report_definitions", [{"name": "n", "id": "1"}], [{"name": "n", "id": "1"}]),
        ("itersize", 100, "100"),
        ("ratio", 0.5, "0.5"),
        ("sandbox", False, "false"),
        ("host", " db ", " db "),  # code is taken at its word
        ("host", "", None),
        ("host", None, None),
    ],
)
def test_a_value_from_code_becomes_what_travels(name: str, given: Any, value: Any) -> None:
    form = ConnectionForm(everything(), today=TODAY)
    form[name].value = given
    assert form[name].value == value
    assert form.values.get(name) == value
    if value is not None and value != " db ":
        assert form[name].error is None


def test_a_time_without_a_zone_is_asked_for_one() -> None:
    form = ConnectionForm(everything(), today=TODAY)
    form["since"].value = datetime(2024, 1, 31, 13)
    assert form["since"].error == "Expected a date and time with its zone, such as 2024-01-31T13:00:00Z."


def test_blank_optional_fields_are_neither_wrong_nor_sent() -> None:
    form = filled(anchor_time="", cron_expression=None)
    assert form.is_valid
    assert "anchor_time" not in form.values
    assert "cron_expression" not in form.values


def test_none_clears_a_default() -> None:
    assert "start_date" not in ConnectionForm(recurly(), values={"start_date": None}, today=TODAY).values


def test_a_read_only_field_is_shown_and_never_set_nor_sent() -> None:
    form = filled()
    assert form["image_version"].read_only
    with pytest.raises(InvalidInputError, match="image_version is set by Stitch"):
        form["image_version"].value = "2"
    assert "image_version" not in form.values


def test_what_stitch_would_give_can_be_brought() -> None:
    form = ConnectionForm(everything(), values={"oauth_secret": "own"}, today=TODAY)
    assert form.values["oauth_secret"] == "own"
    assert "oauth_secret" not in ConnectionForm(everything(), today=TODAY).errors


def test_an_unknown_field_is_refused_with_the_names_that_are_near() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    with pytest.raises(UnknownFieldError, match="Did you mean 'subdomain'") as caught:
        form["subdomian"]
    assert isinstance(caught.value, InvalidInputError)
    assert isinstance(caught.value, LookupError)
    assert caught.value.near == ["subdomain"]
    with pytest.raises(UnknownFieldError, match="It has anchor_time, cron_expression"):
        form["zzz"]
    with pytest.raises(UnknownFieldError):
        ConnectionForm(recurly(), values={"display_name": "x"})


def test_fields_can_be_walked_and_looked_for() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    assert [field.name for field in form][:3] == ["anchor_time", "cron_expression", "frequency_in_minutes"]
    assert "subdomain" in form
    assert "display_name" not in form


def test_submitting_an_unfinished_form_names_everything_that_is_in_the_way() -> None:
    form = ConnectionForm(recurly(), values={"quota_limit": "thirty"}, today=TODAY)
    with pytest.raises(InvalidValuesError) as caught:
        form.submit()
    assert caught.value.errors == {
        "api_key": "Required: a credential.",
        "subdomain": "Required: any text.",
        "quota_limit": "Expected a whole number, such as 30.",
    }
    assert "3 problems to fix" in str(caught.value)


def test_a_credential_comes_back_as_a_secret_and_no_repr_shows_it() -> None:
    form = filled()
    value = form["api_key"].value
    assert isinstance(value, Secret)
    assert value.reveal() == "key-4711"
    assert json.loads(json.dumps(form.values))["api_key"] == "key-4711"
    shown = f"{form!r} {form.values!r} {form['api_key']!r} {form.values['api_key']} {form._repr_mimebundle_()}"
    assert "4711" not in shown
    assert "••••" in shown


def test_a_credential_that_is_a_list_is_masked_too() -> None:
    form = ConnectionForm(card(prop("keys", ROWS, is_credential=True)), values={"keys": [{"name": "a", "id": "4711"}]})
    assert form.values["keys"] == [{"name": "a", "id": "4711"}]
    assert "4711" not in f"{form.values!r}{form['keys']!r}{form._repr_mimebundle_()}"


def test_a_callback_hears_of_every_change() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    heard: list[Any] = []
    form.on_change(lambda changed: heard.append(changed.values.get("subdomain")))
    form["subdomain"].value = "acme"
    form["subdomain"].value = None
    assert heard == ["acme", None]


def test_values_and_errors_are_observed_as_any_widgets_attribute_is() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    heard: list[tuple[str, Any]] = []
    form.observe(lambda change: heard.append((change["name"], change["new"].get("quota_limit"))), names=["values"])
    form.observe(lambda change: heard.append((change["name"], change["new"].get("quota_limit"))), names="errors")
    form["quota_limit"].value = "thirty"
    form["quota_limit"].value = "thirty"
    form["quota_limit"].value = "30"
    expected = "Expected a whole number, such as 30."
    assert sorted(heard, key=str) == sorted(
        [("values", "thirty"), ("errors", expected), ("values", "30"), ("errors", None)], key=str
    )
    assert change_of(form, "values") == ("api_key", "••••••••")


def change_of(form: ConnectionForm, name: str) -> tuple[str, str]:
    """Tell what an observer is shown of a credential."""
    told: list[Any] = []
    form.observe(told.append, names=name)
    form["api_key"].value = "key-4711"
    assert "4711" not in repr(told)
    return "api_key", str(told[0]["new"]["api_key"])


def test_its_text_says_how_far_it_is() -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    assert repr(form) == "ConnectionForm('platform.recurly', 1 of 4 required fields filled in)"
    form["quota_limit"].value = "thirty"
    assert repr(form) == "ConnectionForm('platform.recurly', 2 of 4 required fields filled in, 1 error)"
    form["start_date"].value = "soon"
    assert repr(form) == "ConnectionForm('platform.recurly', 2 of 4 required fields filled in, 2 errors)"


def test_where_no_script_runs_there_is_a_table_with_the_same_facts() -> None:
    form = filled(quota_limit="thirty")
    html = form._repr_mimebundle_()[0]["text/html"]
    assert html == filled(quota_limit="thirty")._repr_mimebundle_()[0]["text/html"]
    for fact in (
        "<b>Recurly</b> <code>platform.recurly</code>: 4 of 4 required fields filled in, 1 error",
        '<td style="text-align:left">acme</td>',
        "Error: Expected a whole number, such as 30.",
        "1.latest",
        "Set by Stitch",
        "2024-11-23",
    ):
        assert fact in html
    assert form.model_id not in html


def test_text_of_a_card_never_becomes_markup() -> None:
    evil = "<img src=x onerror=alert(1)>"
    foreign = card(
        prop(evil, {"type": "string", "description": evil}, required=True),
        type=evil,
        pipeline_state=evil,
        later=[evil],
    )
    form = ConnectionForm(foreign, values={evil: evil})
    html = form._repr_mimebundle_()[0]["text/html"]
    assert "<img" not in html
    assert "&lt;img" in html


def test_a_long_value_is_cut_short_in_the_table() -> None:
    form = filled(subdomain="a" * 500)
    assert "a" * 79 + "…" in form._repr_mimebundle_()[0]["text/html"]


@pytest.mark.parametrize(
    "foreign",
    [
        {},
        {"type": "platform.x", "steps": [{"type": "form"}]},
        {"type": "deskdotcom", "details": {"protocol": "deskdotcom"}},
        {"type": "x", "steps": [{"type": "never heard of", "properties": [{}, {"name": "a", "json_schema": 5}]}]},
        {"steps": "none", "details": 7, "upgrade_available": {"type": "platform.new"}},
    ],
)
def test_a_card_that_nobody_has_seen_yet_still_gives_a_form(foreign: dict[str, Any], wire: Wire) -> None:
    form = ConnectionForm(ReportCard(foreign))
    Page(form, wire)
    assert form.is_valid
    assert form._repr_mimebundle_()[0]["text/html"]


def test_every_kind_of_input_is_described_to_the_page_without_any_value(wire: Wire) -> None:
    form = ConnectionForm(
        everything(), values={"host": "db.example.com", "password": "key-4711", "groups": ["one"]}, today=TODAY
    )
    described = {f["name"]: f for group in form._spec["groups"] for f in group["fields"]}
    assert [group["title"] for group in form._spec["groups"]] == [
        *("Required", "Schedule", "Optional", "Supplied by Stitch", "Advanced", "Set by Stitch")
    ]
    assert described["ssl"]["choices"] == [["true", "true"], ["false", "false"]]
    assert described["frequency_in_minutes"]["choices"][2] == ["60", "every hour (60)"]
    assert described["frequency_in_minutes"]["choices"][0] == ["1", "every minute (1)"]
    assert described["frequency_in_minutes"]["choices"][-1] == ["1440", "every day (1440)"]
    assert described["private_key"] == {
        "name": "private_key",
        "label": "Private key",
        "kind": "secret",
        "secret": True,
        "multiline": True,
        "help": "The whole key, with its first and last line. Sent once, never shown again.",
    }
    assert {name: f["kind"] for name, f in described.items() if f["kind"] not in ("text", "secret", "choice")} == {
        "host": "host",
        "port": "integer",
        "groups": "list",
        "report_definitions": "rows",
        "contact": "email",
        "endpoint": "uri",
        "since": "datetime",
        "start_date": "date",
        "ratio": "number",
        "itersize": "integer",
    }
    assert described["image_version"]["readOnly"]
    assert described["oauth_secret"]["hidden"]
    everything_synced = json.dumps({k: str(v) for k, v in form.get_state().items() if k not in ("_esm", "_css")})
    assert 'db.example.com"' not in everything_synced
    assert "key-4711" not in everything_synced


def test_a_saved_notebook_would_hold_no_value_at_all() -> None:
    state = filled(subdomain="stitch-shop").get_state()
    # The ids of models are drawn at random, and may hold any digits.
    for name in ("_esm", "layout"):
        state.pop(name)
    assert "stitch-shop" not in str(state)
    assert "4711" not in str(state)


def test_what_a_user_should_know_first_stands_on_top() -> None:
    old = card(prop("a", TEXT), pipeline_state="deprecated", access=False)
    banner = ConnectionForm(old)._spec["banner"]
    assert banner == "This type is deprecated. This account has no access to it."
    assert ConnectionForm(recurly())._spec["banner"] == ""


def test_the_scripts_and_styles_come_with_the_package_and_ask_nobody_for_anything() -> None:
    form = ConnectionForm(recurly())
    assert "export default" in form._esm
    for text in (form._esm, form._css):
        assert "http" not in text
        assert "import " not in text.replace("important", "")
    assert "innerHTML" not in form._esm
