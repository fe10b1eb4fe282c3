"""A form and its page: one message up for a keystroke, one down, and never a credential."""

import logging
from typing import Any

import pytest
from form_cards import ROWS, TEXT, card, everything, prop, recurly
from form_page import TODAY, Page, Wire
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stitchnb.widgets import ConnectionForm


@pytest.fixture
def form() -> ConnectionForm:
    return ConnectionForm(recurly(), today=TODAY)


@pytest.fixture
def page(form: ConnectionForm, wire: Wire) -> Page:
    return Page(form, wire)


def test_a_keystroke_is_one_message_up_and_one_down(page: Page) -> None:
    for text in ("t", "th", "thi"):
        answers = page.type("quota_limit", text)
        assert len(answers) == 1
        assert list(answers[0]["fields"]) == ["quota_limit"]
        assert answers[0]["typedIn"] == page.view
    assert page.error("quota_limit") == "Expected a whole number, such as 30."
    page.type("quota_limit", "30")
    assert page.error("quota_limit") == ""


def test_nothing_is_wrong_before_it_was_touched(page: Page) -> None:
    assert [name for name in page.fields if page.error(name)] == []
    assert page.fields["api_key"]["missing"]
    page.leave("api_key")
    assert page.error("api_key") == "Required: a credential."
    assert [name for name in page.fields if page.error(name)] == ["api_key"]
    assert page.leave("api_key") == []


def test_after_a_first_try_everything_that_is_wrong_is_shown_and_the_first_is_focused(page: Page) -> None:
    page.press()
    assert [name for name in page.fields if page.error(name)] == ["api_key", "subdomain", "quota_limit"]
    assert page.focused == "api_key"
    assert page.state["notice"] == {"tone": "", "text": ""}


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("host", "  db.example.com ", "db.example.com"),  # what surrounds it was not meant
        ("host", "   ", None),
        ("password", " with spaces ", " with spaces "),  # a password may have them
        ("password", "   ", None),
        ("start_date", "2024-01-31", "2024-01-31T00:00:00Z"),  # what a date input gives
        ("start_date", "2024-01-31T00:00:00Z", "2024-01-31T00:00:00Z"),  # what one may type instead
        ("since", "2024-01-31T13:00", "2024-01-31T13:00:00Z"),  # what a date and time input gives
        ("since", "2024-01-31T13:00:30", "2024-01-31T13:00:30Z"),
        ("since", "2024-01-31T13:00:00+01:00", "2024-01-31T13:00:00+01:00"),
        ("ssl", "true", "true"),
        ("ssl", "", None),
        ("groups", " a \n\n b\n", ["a", "b"]),
        ("groups", " \n ", None),
        ("report_definitions", '[{"name": "n", "id": "1"}]', [{"name": "n", "id": "1"}]),
        ("itersize", "100", "100"),
        ("private_key", "BEGIN\nkey\nEND\n", "BEGIN\nkey\nEND\n"),
    ],
)
def test_what_is_typed_becomes_the_apis_own_value(wire: Wire, name: str, typed: str, value: Any) -> None:
    form = ConnectionForm(everything(), today=TODAY)
    page = Page(form, wire)
    page.type(name, typed)
    assert form[name].value == value
    assert page.fields[name]["given"] is (value is not None)
    if value is not None:
        assert page.error(name) == ""


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("[", "This is not JSON at line 1, column 2. Expected a list of objects"),
        ("NaN", "This is not JSON. Expected a list of objects"),
        ('[{"id": "1"}]', 'In item 1: "name" is missing.'),
        ("[" * 100_000, "This is not JSON"),
    ],
)
def test_json_that_is_none_or_does_not_fit_is_said_so(wire: Wire, typed: str, words: str) -> None:
    page = Page(ConnectionForm(everything(), today=TODAY), wire)
    page.say("input", name="report_definitions", text=typed, json=True)
    assert words in page.error("report_definitions")
    assert page.fields["report_definitions"]["text"] == typed


def test_a_choice_of_a_mixed_list_is_the_value_that_it_stands_for(wire: Wire) -> None:
    form = ConnectionForm(card(prop("mixed", {"enum": [1, "a", True]})))
    page = Page(form, wire)
    for typed, value in (("1", 1), ("a", "a"), ("true", True)):
        page.type("mixed", typed)
        assert form["mixed"].value == value
        assert page.error("mixed") == ""


def test_free_text_is_taken_where_json_would_be_but_need_not(wire: Wire) -> None:
    form = ConnectionForm(card(prop("any", {"anyOf": [{"type": "object"}, {"type": "string", "format": "email"}]})))
    page = Page(form, wire)
    page.type("any", "ann@example.com")
    assert form["any"].value == "ann@example.com"
    assert page.error("any") == ""


def test_a_value_set_by_code_arrives_in_the_page(form: ConnectionForm, page: Page) -> None:
    form["subdomain"].value = "acme"
    form["start_date"].value = "2018-01-10T00:00:00Z"
    form["anchor_time"].value = "2024-01-31T13:00:00+01:00"
    page.hear()
    assert page.fields["subdomain"]["text"] == "acme"
    assert page.fields["start_date"]["text"] == "2018-01-10"
    assert page.fields["anchor_time"]["text"] == "2024-01-31T12:00:00"


def test_a_value_that_no_native_input_can_show_is_still_shown_as_it_is(form: ConnectionForm, page: Page) -> None:
    form["start_date"].value = "soon"
    form["anchor_time"].value = "0001-01-01T00:00:00+23:00"
    form["subdomain"].value = ["a", "b"]
    page.hear()
    assert page.fields["start_date"]["text"] == "soon"
    assert page.error("start_date").startswith("Expected a date at midnight UTC")
    assert page.fields["anchor_time"]["text"] == "0001-01-01T00:00:00+23:00"
    assert page.fields["subdomain"]["text"] == '["a", "b"]'


def test_a_view_that_comes_later_shows_the_present_state(form: ConnectionForm, page: Page, wire: Wire) -> None:
    page.type("subdomain", "acme")
    page.type("api_key", "key-4711")
    page.type("quota_limit", "thirty")
    second = Page(form, wire, view="view-2")
    assert second.fields["subdomain"]["text"] == "acme"
    assert second.fields["api_key"] == {
        "text": "",
        "given": True,
        "missing": False,
        "error": "",
        "touched": True,
        "revision": 1,
        "kept": False,
        "hidden": False,
        "changed": True,
    }
    assert second.error("quota_limit") == "Expected a whole number, such as 30."
    assert second.state["steps"][0]["state"] == "now"


def test_the_state_for_one_view_is_not_for_another(form: ConnectionForm, page: Page, wire: Wire) -> None:
    Page(form, wire, view="view-2")
    answers = [m["data"]["content"] for m in wire.messages if m["data"].get("method") == "custom"]
    assert [m["to"] for m in answers if m["type"] == "state"] == ["view-1", "view-2"]


def test_what_one_view_types_reaches_the_other(form: ConnectionForm, page: Page, wire: Wire) -> None:
    second = Page(form, wire, view="view-2")
    page.type("subdomain", "acme")
    second._seen = 0
    second.hear()
    assert second.fields["subdomain"]["text"] == "acme"


def test_a_credential_never_comes_back_to_the_page(form: ConnectionForm, page: Page, wire: Wire) -> None:
    page.type("api_key", "key-4711")
    form["api_key"].value = "key-4712"
    page.press()
    page.type("subdomain", "acme")
    Page(form, wire, view="view-2")
    form.send_state()
    assert form["api_key"].given
    assert not wire.holds("key-471")
    assert wire.holds("acme")


def test_a_credential_of_several_lines_or_of_json_never_comes_back_either(wire: Wire) -> None:
    form = ConnectionForm(card(prop("private_key", TEXT, is_credential=True), prop("keys", ROWS, is_credential=True)))
    page = Page(form, wire)
    page.type("private_key", "BEGIN\n4711\nEND")
    page.type("keys", '[{"name": "a", "id": "4711"}]')
    page.type("keys", "4711 is no list")
    form["keys"].value = [{"name": "a", "id": "4711"}]
    Page(form, wire, view="view-2")
    assert form["private_key"].value == "BEGIN\n4711\nEND"
    assert not wire.holds("4711")


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "ready",
        {},
        {"type": "ready"},
        {"type": "ready", "view": 5},
        {"type": "ready", "view": "v" * 1000},
        {"type": "explode", "view": "v"},
        {"type": ["input"], "view": "v"},
        {"type": "input", "view": "v", "name": "subdomain"},
        {"type": "input", "view": "v", "name": "subdomain", "text": 5},
        {"type": "input", "view": "v", "name": "subdomain", "text": "a" * 1_000_001},
        {"type": "input", "view": "v", "name": "nothing", "text": "hunter2"},
        {"type": "input", "view": "v", "name": "image_version", "text": "hunter2"},
        {"type": "left", "view": "v", "name": None},
        {"type": "submit", "view": "v", "attempt": True},
        {"type": "submit", "view": "v"},
    ],
)
def test_a_message_that_is_none_of_ours_is_ignored_with_a_warning(
    page: Page, content: Any, caplog: pytest.LogCaptureFixture
) -> None:
    values = dict(page.form.values)
    with caplog.at_level(logging.WARNING):
        assert page.send(content) == []
    assert page.form.values == values
    assert not page.form._tried
    assert len(caplog.records) == 1
    assert "ignored a message of its page" in caplog.text
    assert "hunter2" not in caplog.text


@given(
    st.dictionaries(
        st.sampled_from(["type", "view", "name", "text", "attempt"]),
        st.sampled_from(["ready", "input", "left", "submit", "subdomain", "quota_limit", "start_date", "", "x" * 300])
        | st.none()
        | st.integers(-1, 1)
        | st.lists(st.text(max_size=2), max_size=1),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_message_ever_breaks_a_form(content: dict[str, Any]) -> None:
    form = ConnectionForm(recurly(), today=TODAY)
    form._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
    assert form["image_version"].value is None


@given(st.sampled_from([f.name for f in ConnectionForm(everything()) if not f.read_only]), st.text(max_size=30))
@settings(deadline=None)
def test_whatever_is_typed_anywhere_is_either_a_value_or_an_error(name: str, text: str) -> None:
    form = ConnectionForm(everything(), today=TODAY)
    form._handle_msg(
        {
            "content": {
                "data": {"method": "custom", "content": {"type": "input", "view": "v", "name": name, "text": text}}
            },
            "buffers": [],
        }
    )
    field = form[name]
    assert (field.value is None) is (text.strip() == "")
    assert field.error != ""
    repr(form)


def test_a_keystroke_tells_nothing_but_its_field_until_something_else_changes(form: ConnectionForm, page: Page) -> None:
    assert set(page.type("subdomain", "acme")[0]) == {"type", "typedIn", "typed", "fields"}
    assert {"tried", "attempt"} <= set(page.press()[0])
    assert set(page.type("subdomain", "acme2")[0]) == {"type", "typedIn", "typed", "fields"}


def test_every_message_of_a_form_is_answered_whatever_its_result(page: Page) -> None:
    page.heard.clear()
    page.type("subdomain", "acme")
    page.leave("api_key")
    page.leave("api_key")
    page.press()
    page.say("explode")
    assert page.heard == [page.view] * 5
