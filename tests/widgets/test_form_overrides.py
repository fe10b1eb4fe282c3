"""What a caller wants shown otherwise."""

from typing import Any

import pytest
from form_cards import ROWS, TEXT, card, everything, prop, recurly
from form_page import TODAY, Account, Page, Wire

from stitchnb.errors import InvalidInputError
from stitchnb.widgets import ConnectionForm, SourceForm, UnknownFieldError


def described(form: ConnectionForm, name: str) -> dict[str, Any]:
    return next(f for group in form._spec["groups"] for f in group["fields"] if f["name"] == name)


def test_label_help_placeholder_and_widget_can_be_others() -> None:
    override = {"label": "Shop", "help": "As in its address.", "placeholder": "acme", "widget": "textarea"}
    form = ConnectionForm(recurly(), overrides={"subdomain": override})
    found = described(form, "subdomain")
    assert {key: found[key] for key in ("label", "help", "placeholder", "kind", "multiline")} == {
        "label": "Shop",
        "help": "As in its address.",
        "placeholder": "acme",
        "kind": "text",
        "multiline": True,
    }
    assert form["subdomain"].label == "Shop"
    assert described(form, "quota_limit")["label"] == "Quota limit"


def test_what_is_judged_stays_the_same(wire: Wire) -> None:
    form = ConnectionForm(recurly(), overrides={"quota_limit": {"widget": "textarea"}})
    page = Page(form, wire)
    page.type("quota_limit", "thirty")
    assert page.error("quota_limit") == "Expected a whole number, such as 30."


@pytest.mark.parametrize(
    ("name", "widget", "kind"),
    [
        ("ssl", "text", "text"),
        ("host", "password", "secret"),
        ("report_definitions", "json", "json"),
        ("report_definitions", "textarea", "json"),
        ("groups", "json", "json"),
        ("password", "text", "secret"),  # a credential stays one
        ("password", "textarea", "secret"),
    ],
)
def test_an_input_of_another_kind(name: str, widget: str, kind: str) -> None:
    form = ConnectionForm(everything(), overrides={name: {"widget": widget}}, today=TODAY)
    assert described(form, name)["kind"] == kind


def test_a_masked_text_never_comes_back(wire: Wire) -> None:
    form = ConnectionForm(card(prop("query", TEXT)), overrides={"query": {"widget": "password"}})
    page = Page(form, wire)
    page.type("query", "key-4711")
    assert form.values["query"] == "key-4711"
    assert "4711" not in repr(form.values)
    assert not wire.holds("4711")


def test_rows_as_json_are_still_judged(wire: Wire) -> None:
    form = ConnectionForm(card(prop("rows", ROWS)), overrides={"rows": {"widget": "json"}})
    page = Page(form, wire)
    page.type("rows", '[{"name": "n"}]')
    assert '"id" is missing' in page.error("rows")


def test_a_help_of_ones_own_is_not_added_to() -> None:
    form = ConnectionForm(recurly(), overrides={"start_date": {"help": "Mine."}}, today=TODAY)
    assert form["start_date"].help == "Mine."


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"subdomian": {"label": "x"}}, "Did you mean 'subdomain'"),
        ({"subdomain": {"labl": "x"}}, "has no 'labl'. Did you mean 'label'"),
        ({"subdomain": {"zzz": "x"}}, "Use one of label, help, placeholder, widget"),
        ({"subdomain": {"widget": "textaera"}}, "Did you mean 'textarea'"),
        ({"subdomain": {"widget": "slider"}}, "Use one of text, textarea, password, json"),
        ({"subdomain": {"label": 5}}, "Pass a string"),
        ({"subdomain": "Shop"}, "Pass a dict of label, help, placeholder, widget"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(overrides: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        ConnectionForm(recurly(), overrides=overrides)


def test_an_unknown_property_is_an_unknown_field() -> None:
    with pytest.raises(UnknownFieldError):
        SourceForm(Account(), "platform.recurly", overrides={"nope": {"label": "x"}})
