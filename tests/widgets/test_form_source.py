"""The form that creates a source: once, with what was typed, and with Stitch's refusals where they belong."""

from datetime import date
from typing import Any

import pytest
from form_cards import TEXT, card, prop
from form_page import TODAY, Account, Page, Wire

from stitchnb.errors import (
    AccessDeniedError,
    InvalidInputError,
    InvalidPropertiesError,
    InvalidValuesError,
    NameTakenError,
    OutcomeUnknownError,
    StitchError,
    UnknownSourceTypeError,
)
from stitchnb.models import ReportCard, Source
from stitchnb.widgets import SourceForm

REFUSED = {"status_code": 400, "method": "POST", "path": "/v4/sources"}
VALUES = {"api_key": "key-4711", "subdomain": "acme", "quota_limit": "30"}


@pytest.fixture
def account() -> Account:
    return Account()


def filled(account: Account) -> SourceForm:
    return SourceForm(account, "platform.recurly", display_name="Recurly", values=VALUES, today=TODAY)


def test_code_fills_in_and_creates(account: Account) -> None:
    form = SourceForm(account, "platform.recurly", today=TODAY)
    form["display_name"].value = "Recurly"
    form["api_key"].value = "key-4711"
    form["subdomain"].value = "acme"
    form["quota_limit"].value = 30
    source = form.submit()
    assert isinstance(source, Source)
    assert form.source is source
    assert account.created == [
        {
            "type": "platform.recurly",
            "display_name": "Recurly",
            "properties": {
                "frequency_in_minutes": "60",
                "start_date": "2024-11-23T00:00:00Z",
                "api_key": "key-4711",
                "subdomain": "acme",
                "quota_limit": "30",
            },
        }
    ]


def test_a_page_fills_in_and_creates(account: Account, wire: Wire) -> None:
    form = SourceForm(account, "platform.recurly", today=TODAY)
    page = Page(form, wire)
    heard: list[Any] = []
    form.observe(lambda change: heard.append(change["new"].id), names="source")
    for name, text in {"display_name": "Recurly", **VALUES}.items():
        page.type(name, text)
    page.press()
    assert account.created[0]["properties"]["api_key"] == "key-4711"
    assert heard == [233312]
    assert page.state["locked"]
    assert page.state["notice"] == {
        "tone": "ok",
        "text": "Created source 233312: Recurly, schema recurly in the destination.",
    }
    assert [(s["title"], s["state"]) for s in page.state["steps"]] == [
        ("Form", "done"),
        ("Check and discovery", "now"),
        ("Streams and fields", "next"),
        ("Ready", "next"),
    ]
    assert not wire.holds("4711")
    assert repr(form) == "SourceForm('platform.recurly', created source 233312)"


def test_the_display_name_begins_with_the_types_title(account: Account) -> None:
    form = SourceForm(account, "platform.recurly", today=TODAY)

    assert form["display_name"].value == "Recurly"


def test_the_display_name_is_a_field_that_tells_the_schema(account: Account, wire: Wire) -> None:
    form = SourceForm(account, "platform.recurly", display_name="", today=TODAY)
    assert repr(form) == "SourceForm('platform.recurly', 1 of 5 required fields filled in)"
    field = form["display_name"]
    assert field.required
    assert field.error == "Required: a name, such as Recurly."
    page = Page(form, wire)
    page.type("display_name", " My Shop ")
    assert field.value == "My Shop"
    assert (
        page.fields["display_name"]["help"] == "Creates schema my_shop in the destination. This can't be changed later."
    )
    page.type("display_name", "####")
    assert "No schema name can be made" in page.error("display_name")
    field.value = 5
    assert field.error == "Expected a name, such as Recurly."
    assert "display_name" not in form.values
    assert form._spec["groups"][0]["fields"][0]["name"] == "display_name"


def test_a_card_with_a_property_of_that_name_still_asks_for_the_sources_own(wire: Wire) -> None:
    account = Account(card(prop("display_name", TEXT), prop("a", TEXT), type="x"))
    form = SourceForm(account, "x", display_name="X")
    Page(form, wire)
    names = [f["name"] for group in form._spec["groups"] for f in group["fields"]]
    assert names == ["display_name", "a"]
    form.submit()
    assert account.created[0] == {"type": "x", "display_name": "X", "properties": {}}


def test_an_old_type_without_steps_only_asks_for_a_name() -> None:
    account = Account(ReportCard({"details": {"protocol": "deskdotcom"}}))
    form = SourceForm(account, "deskdotcom", display_name="Desk")
    assert form.is_valid
    assert [f.name for f in form] == ["display_name"]


def test_an_unknown_type_is_said_so(account: Account) -> None:
    with pytest.raises(UnknownSourceTypeError):
        SourceForm(account, "platform.recurli")


def test_nothing_is_sent_while_anything_is_in_the_way(account: Account, wire: Wire) -> None:
    form = SourceForm(account, "platform.recurly", display_name="", today=TODAY)
    page = Page(form, wire)
    page.press()
    with pytest.raises(InvalidValuesError) as caught:
        form.submit()
    assert list(caught.value.errors) == ["display_name", "api_key", "subdomain", "quota_limit"]
    assert str(caught.value).startswith("The source was not sent. 4 problems to fix")
    assert account.created == []
    assert page.focused == "display_name"


def test_after_success_the_form_is_closed_and_its_credentials_forgotten(account: Account, wire: Wire) -> None:
    form = filled(account)
    page = Page(form, wire)
    form.submit()
    page.hear()
    assert form["api_key"].value is None
    assert form["api_key"].given
    assert "api_key" not in form.values
    assert form.errors == {}
    assert "4711" not in str([vars(field) for field in form])
    with pytest.raises(InvalidInputError, match="subdomain can't be set anymore: Created source 233312"):
        form["subdomain"].value = "other"
    with pytest.raises(InvalidInputError, match="Make a new form for another one"):
        form.submit()
    page.type("subdomain", "other")
    assert form["subdomain"].value == "acme"
    assert len(account.created) == 1


def test_pressing_twice_creates_once(account: Account, wire: Wire) -> None:
    page = Page(filled(account), wire)
    attempt = page.state["attempt"]
    for _ in range(3):
        page.say("submit", attempt=attempt)
    assert len(account.created) == 1


def test_a_second_press_that_was_under_way_does_not_repeat_a_failed_try(account: Account, wire: Wire) -> None:
    account.refusal = OutcomeUnknownError("The connection broke: look before sending it again.")
    page = Page(filled(account), wire)
    attempt = page.state["attempt"]
    for _ in range(3):
        page.say("submit", attempt=attempt)
    assert len(account.created) == 1
    assert page.state["notice"] == {"tone": "error", "text": "The connection broke: look before sending it again."}
    page.press()
    assert len(account.created) == 2


def test_two_views_that_are_pressed_at_once_create_once(account: Account, wire: Wire) -> None:
    form = filled(account)
    first, second = Page(form, wire), Page(form, wire, view="view-2")
    first.press()
    second.say("submit", attempt=second.state["attempt"])
    assert len(account.created) == 1


def test_a_form_that_is_being_sent_cannot_be_sent_again(account: Account) -> None:
    form = filled(account)
    caught: list[StitchError] = []

    def again() -> None:
        with pytest.raises(InvalidInputError, match="is being sent") as error:
            form.submit()
        caught.append(error.value)

    account.during = again
    form.submit()
    assert len(caught) == len(account.created) == 1


def test_a_refused_value_is_shown_on_its_field_until_it_changes(account: Account, wire: Wire) -> None:
    form = filled(account)
    page = Page(form, wire)
    account.refusal = InvalidPropertiesError(
        "properties do not match schema", bad_properties=["quota_limit", "api_key"], **REFUSED
    )
    page.press()
    assert page.error("quota_limit") == "Stitch does not accept this value. Expected a whole number, such as 30."
    assert page.error("api_key") == "Stitch does not accept this value."
    assert page.state["notice"] == {"tone": "error", "text": "Not accepted: Quota limit, API key."}
    assert page.focused == "quota_limit"
    assert list(form.errors) == ["api_key", "quota_limit"]
    page.press()
    assert len(account.created) == 1, "what was refused is not sent again as it is"
    page.type("quota_limit", "31")
    assert page.error("quota_limit") == ""
    assert page.state["notice"]["text"] == ""
    page.type("api_key", "key-4712")
    account.refusal = None
    page.press()
    assert form.source is not None
    assert len(account.created) == 2


def test_the_same_refusal_is_raised_from_code(account: Account) -> None:
    form = filled(account)
    account.refusal = InvalidPropertiesError("no", bad_properties=["subdomain"], **REFUSED)
    with pytest.raises(InvalidPropertiesError):
        form.submit()
    assert form.errors == {"subdomain": "Stitch does not accept this value."}
    form["subdomain"].value = "other"
    assert form.is_valid


def test_a_refusal_of_something_that_is_no_field_is_shown_on_the_form(account: Account, wire: Wire) -> None:
    page = Page(filled(account), wire)
    account.refusal = InvalidPropertiesError("no", bad_properties=["image_version", "subdomain"], **REFUSED)
    page.press()
    assert "image_version" in page.state["notice"]["text"]
    assert page.error("subdomain")


def test_a_taken_name_is_shown_on_the_display_name(account: Account, wire: Wire) -> None:
    form = filled(account)
    page = Page(form, wire)
    account.refusal = NameTakenError("non-unique name (Recurly)", **REFUSED)
    page.press()
    assert page.error("display_name") == "Stitch refused this name: non-unique name (Recurly). Choose another."
    assert page.focused == "display_name"
    page.type("display_name", "Recurly 2")
    assert page.error("display_name") == ""


def test_any_other_refusal_is_shown_on_the_form_and_goes_with_the_next_change(account: Account, wire: Wire) -> None:
    form = filled(account)
    page = Page(form, wire)
    account.refusal = AccessDeniedError("you do not have access", code="AccessDenied", **REFUSED)
    page.press()
    assert "you do not have access" in page.state["notice"]["text"]
    assert form.message == page.state["notice"]["text"]
    assert form.is_valid
    page.type("subdomain", "other")
    assert form.message is None


def test_values_that_the_client_refuses_are_shown_on_their_fields_too(account: Account, wire: Wire) -> None:
    page = Page(filled(account), wire)
    account.refusal = InvalidValuesError({"subdomain": "No such shop."}, what="The source")
    page.press()
    assert page.error("subdomain") == "No such shop."
    assert page.state["notice"]["text"] == "Not accepted: Subdomain."


def test_a_bug_of_ours_is_no_notice_but_surfaces(account: Account, wire: Wire) -> None:
    form = filled(account)
    page = Page(form, wire)
    account.refusal = ZeroDivisionError("a bug")
    with pytest.raises(ZeroDivisionError):
        form._on_message(form, {"type": "submit", "view": page.view, "attempt": page.state["attempt"]}, [])
    page.hear()
    assert page.state["attempt"] == 1, "the page must not wait for ever"
    assert form.message is None
    account.refusal = None
    assert form.submit() is form.source


def test_a_clients_own_day_is_where_the_start_date_counts_from(account: Account) -> None:
    account.today = lambda: date(2020, 3, 20)  # type: ignore[attr-defined]
    form = SourceForm(account, "platform.recurly")
    assert form["start_date"].value == "2019-03-20T00:00:00Z"
    assert SourceForm(account, "platform.recurly", today=TODAY)["start_date"].value == "2024-11-23T00:00:00Z"


def test_the_table_says_that_it_was_created(account: Account) -> None:
    form = filled(account)
    form.submit()
    html = form._repr_mimebundle_()[0]["text/html"]
    assert "created source 233312" in html
    assert "4711" not in html
