"""Lists, rows and objects in a form: as inputs of their own, as JSON, and as what the API wants."""

import json
from typing import Any

import pytest
from form_cards import HOST, ROWS, TEXT, card, prop
from form_page import Page, Wire

from stitchnb.widgets import ConnectionForm

PLACE = {"type": "object", "properties": {"city": TEXT, "zip": {"type": "integer"}}, "required": ["city"]}
COLOURS = {"type": "array", "items": {"enum": ["red", "green"]}}
SERVERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "host": HOST,
            "port": {"type": "integer"},
            "hops": {"type": "array", "items": {"type": "object", "properties": {"via": TEXT}}},
        },
        "required": ["host"],
    },
}


@pytest.fixture
def form() -> ConnectionForm:
    return ConnectionForm(
        card(
            prop("reports", ROWS, required=True),
            prop("servers", SERVERS),
            prop("place", PLACE),
            prop("colours", COLOURS),
            prop("tags", {"type": "array", "items": TEXT}),
            prop("unlike", {"oneOf": [{"type": "object"}, {"type": "integer"}]}),
            prop("nothing", {"type": "null"}, required=True),
            prop("pick", {"oneOf": [{"const": "a", "title": "First"}, {"const": 2}]}),
        )
    )


@pytest.fixture
def page(form: ConnectionForm, wire: Wire) -> Page:
    return Page(form, wire)


def spec_of(form: ConnectionForm, name: str) -> dict[str, Any]:
    return next(f for group in form._spec["groups"] for f in group["fields"] if f["name"] == name)


def test_the_page_is_told_of_what_rows_and_objects_consist(form: ConnectionForm) -> None:
    reports, servers = spec_of(form, "reports"), spec_of(form, "servers")
    assert reports["kind"] == "rows"
    assert [(p["name"], p["label"], p["kind"], p["required"]) for p in reports["parts"]] == [
        ("name", "Name", "text", True),
        ("id", "ID", "text", True),
    ]
    assert [part["kind"] for part in servers["parts"]] == ["host", "integer", "rows"]
    assert servers["parts"][2]["parts"][0]["name"] == "via"
    assert spec_of(form, "place")["kind"] == "object"
    assert spec_of(form, "colours")["item"]["choices"] == [["red", "red"], ["green", "green"]]
    assert spec_of(form, "unlike")["kind"] == "json"
    assert spec_of(form, "nothing")["kind"] == "nothing"
    assert spec_of(form, "pick")["choices"] == [["a", "First"], ["2", "2"]]


def test_rows_are_typed_as_drafts_and_travel_as_values(form: ConnectionForm, page: Page) -> None:
    page.type("reports", json.dumps([{"name": "n", "id": " 1 "}]))
    page.type("servers", json.dumps([{"host": "db", "port": "5432", "hops": [{"via": "x"}]}]))
    page.type("place", json.dumps({"city": "Ulm", "zip": ""}))
    page.type("colours", "red\ngreen")
    page.type("pick", "2")
    assert form.errors == {}
    assert form.values == {
        "reports": [{"name": "n", "id": "1"}],
        "servers": [{"host": "db", "port": 5432, "hops": [{"via": "x"}]}],
        "place": {"city": "Ulm"},
        "colours": ["red", "green"],
        "pick": 2,
    }


@pytest.mark.parametrize(
    ("name", "draft", "error", "place"),
    [
        ("reports", [{"name": "n", "id": ""}], '"id" is missing.', [0, "id"]),
        ("servers", [{"host": "db"}, {"host": "a b"}], 'In item 2, "host": expected a host name', [1, "host"]),
        ("servers", [{"host": "db", "port": "x"}], 'In item 1, "port": expected a whole number', [0, "port"]),
        ("servers", [{"host": "db", "hops": [{}]}], 'In item 1, "hops", item 1: nothing is', [0, "hops", 0]),
        ("place", {"zip": "x", "city": "Ulm"}, 'In "zip": expected a whole number', ["zip"]),
        ("place", {"zip": "7"}, '"city" is missing.', ["city"]),
    ],
)
def test_an_error_is_said_at_the_very_input(page: Page, name: str, draft: Any, error: str, place: list[Any]) -> None:
    page.type(name, json.dumps(draft))
    assert error in page.error(name)
    assert page.fields[name]["place"] == place


def test_no_rows_are_a_missing_value(form: ConnectionForm, page: Page) -> None:
    page.type("reports", "[]")
    assert form["reports"].value is None
    assert page.error("reports").startswith("Required: a list of objects")


def test_a_value_from_code_is_shown_in_rows_where_they_can_show_it(form: ConnectionForm, page: Page) -> None:
    form["reports"].value = [{"name": "n", "id": "1"}]
    page.hear()
    assert page.fields["reports"]["json"] is False
    assert json.loads(page.fields["reports"]["text"]) == [{"name": "n", "id": "1"}]
    form["reports"].value = [{"name": "n", "id": 5}]
    page.hear()
    assert page.fields["reports"]["json"] is True
    assert 'In item 1, "id": expected text.' in page.error("reports")


def test_rows_can_be_edited_as_json_and_back(form: ConnectionForm, page: Page) -> None:
    page.type("reports", json.dumps([{"name": "n", "id": "1"}]))
    page.say("editor", name="reports", json=True)
    assert page.fields["reports"]["json"] is True
    assert json.loads(page.fields["reports"]["text"]) == form["reports"].value
    page.say("input", name="reports", text='[{"name": "m", "id": "2"}]', json=True)
    page.say("editor", name="reports", json=False)
    assert page.fields["reports"]["json"] is False
    assert form["reports"].value == [{"name": "m", "id": "2"}]


def test_json_that_rows_cannot_show_stays_json(form: ConnectionForm, page: Page) -> None:
    page.say("input", name="reports", text="[{", json=True)
    page.say("editor", name="reports", json=False)
    assert page.fields["reports"]["json"] is True
    assert page.fields["reports"]["text"] == "[{"
    assert "This is not JSON" in page.error("reports")
    page.say("editor", name="tags", json=True)
    page.say("editor", name="tags", json=False)
    assert page.fields["tags"]["json"] is False, "an empty one can be turned as one likes"


def test_a_keystroke_in_a_row_is_one_message_up_and_one_down(page: Page) -> None:
    answers = page.type("reports", json.dumps([{"name": "n", "id": ""}]))
    assert len(answers) == 1
    assert list(answers[0]["fields"]) == ["reports"]


def test_unlike_types_are_edited_as_json_and_judged(form: ConnectionForm, page: Page) -> None:
    # A number travels as its text.
    for typed, value in (('{"a": 1}', {"a": 1}), ("5", "5")):
        page.say("input", name="unlike", text=typed, json=True)
        assert form["unlike"].value == value
        assert page.error("unlike") == ""
    page.say("input", name="unlike", text='"x"', json=True)
    assert page.error("unlike").startswith("Expected ")


def test_what_takes_no_value_never_stands_in_the_way(form: ConnectionForm) -> None:
    form["reports"].value = [{"name": "n", "id": "1"}]
    assert form.errors == {}
    assert "nothing" not in form.values


def test_a_credential_of_several_parts_is_masked_as_a_whole(wire: Wire) -> None:
    form = ConnectionForm(card(prop("keys", ROWS, is_credential=True)))
    page = Page(form, wire)
    page.say("input", name="keys", text='[{"name": "n", "id": "4711"}]', json=True)
    assert form.errors == {}
    assert form["keys"].value == [{"name": "n", "id": "4711"}]
    page.say("editor", name="keys", json=False)
    assert not wire.holds("4711")
    assert spec_of(form, "keys")["kind"] == "json"
