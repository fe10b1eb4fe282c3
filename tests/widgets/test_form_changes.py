"""A form that changes what is there: it begins with what Stitch has, and sends what was changed."""

from typing import Any

import pytest
from form_cards import MIDNIGHT, ROWS, TEXT, card, prop, recurly
from form_page import Account, Page, Wire, existing

from stitchnb.errors import InvalidInputError, InvalidPropertiesError, InvalidValuesError
from stitchnb.models import Destination
from stitchnb.widgets import ConnectionForm, SourceForm


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def form(account: Account) -> SourceForm:
    return SourceForm(account, source=233312)


@pytest.fixture
def page(form: SourceForm, wire: Wire) -> Page:
    return Page(form, wire)


def test_it_begins_with_what_stitch_has(form: SourceForm, page: Page) -> None:
    assert {f.name: f.value for f in form if f.value is not None} == {
        "display_name": "Recurly",
        "frequency_in_minutes": "60",
        "start_date": "2024-11-23T00:00:00Z",
        "subdomain": "acme",
        "quota_limit": "30",
    }
    assert form.errors == {}
    assert form.changes == {}
    assert page.fields["subdomain"]["text"] == "acme"
    assert page.fields["api_key"]["kept"]
    assert (form._spec["title"], form._spec["type"]) == ("Recurly", "source 233312")
    assert form._spec["chip"] == {"text": "field selection", "tone": "warn"}
    assert form._spec["action"] == "Save changes"
    assert form["display_name"].help == "The name in lists. The schema in the destination is still recurly."
    assert repr(form) == "SourceForm('platform.recurly', no changes)"
    shown = next(f for g in form._spec["groups"] for f in g["fields"] if f["name"] == "image_version")
    assert shown["shown"] == "1.29"


def test_only_what_was_changed_is_sent(account: Account, form: SourceForm) -> None:
    form["subdomain"].value = "acme2"
    form["quota_limit"].value = "30"
    assert form.changes == {"subdomain": "acme2"}
    assert repr(form) == "SourceForm('platform.recurly', 1 change)"
    source = form.submit()
    assert account.updated == [{"id": 233312, "properties": {"subdomain": "acme2"}}]
    assert source.properties["subdomain"] == "acme2"
    assert form.source is source
    assert form.message == "Saved Subdomain."


def test_a_display_name_alone_is_sent_alone(account: Account, form: SourceForm) -> None:
    form["display_name"].value = "Recurly EU"
    form.submit()
    assert account.updated == [{"id": 233312, "display_name": "Recurly EU"}]


def test_nothing_changed_is_nothing_sent(account: Account, form: SourceForm) -> None:
    with pytest.raises(InvalidInputError, match="There are no changes to save"):
        form.submit()
    form["subdomain"].value = "other"
    form["subdomain"].value = "acme"
    with pytest.raises(InvalidInputError, match="There are no changes to save"):
        form.submit()
    assert account.updated == []


def test_after_saving_it_goes_on_from_there(account: Account, form: SourceForm, page: Page, wire: Wire) -> None:
    page.type("subdomain", "acme2")
    page.type("api_key", "key-4711")
    page.press()
    assert account.updated[0]["properties"] == {"api_key": "key-4711", "subdomain": "acme2"}
    assert page.state["notice"] == {"tone": "ok", "text": "Saved API key, Subdomain."}
    assert not page.state["locked"]
    assert form.changes == {}
    assert not page.fields["subdomain"]["changed"]
    assert page.fields["api_key"]["kept"]
    assert not wire.holds("4711")
    page.type("subdomain", "acme")
    page.press()
    assert account.updated[1]["properties"] == {"subdomain": "acme"}


def test_a_credential_that_is_left_empty_stays(account: Account, form: SourceForm, page: Page) -> None:
    page.type("api_key", "x")
    page.type("api_key", "")
    assert form.errors == {}
    page.type("quota_limit", "31")
    page.press()
    assert account.updated[0]["properties"] == {"quota_limit": "31"}


def test_what_stitch_has_cannot_be_emptied(form: SourceForm, page: Page) -> None:
    page.type("subdomain", "")
    assert page.error("subdomain").startswith("Stitch can't remove a saved value")
    with pytest.raises(InvalidValuesError):
        form.submit()
    page.type("subdomain", "acme")
    assert form.is_valid


def test_a_wrong_change_is_named_and_not_sent(account: Account, form: SourceForm) -> None:
    form["quota_limit"].value = "many"
    with pytest.raises(InvalidValuesError, match="The change of source 233312 was not sent"):
        form.submit()
    assert account.updated == []


def test_a_refusal_lands_on_its_field(account: Account, form: SourceForm, page: Page) -> None:
    account.refusal = InvalidPropertiesError(
        "no", bad_properties=["subdomain"], status_code=400, method="PUT", path="/v4/sources/233312"
    )
    page.type("subdomain", "nope")
    page.press()
    assert page.error("subdomain") == "Stitch does not accept this value."
    assert form.changes == {"subdomain": "nope"}


FIXED = card(
    prop("place", TEXT, required=True, property_type="user_provided_immutable"),
    prop("extra", TEXT, property_type="user_provided_immutable"),
    prop("late", TEXT, required=True, property_type="user_provided_immutable"),
    prop("free", TEXT, required=True),
)


def test_what_is_fixed_at_creation_says_so_there_and_is_locked_after(wire: Wire) -> None:
    new = ConnectionForm(FIXED)
    assert new["place"].help.endswith("Cannot be changed later.")
    source = existing(FIXED, properties={"place": "eu"})
    form = ConnectionForm(connection=source)
    page = Page(form, wire)
    with pytest.raises(InvalidInputError, match="place can't be changed: It was set"):
        form["place"].value = "us"
    page.type("place", "us")
    assert form["place"].value == "eu"
    locked = {f["name"]: f.get("locked", False) for g in form._spec["groups"] for f in g["fields"]}
    # What is required and was never given can still be given.
    assert locked == {"place": True, "extra": True, "late": False, "free": False}


def test_what_was_never_given_does_not_hold_up_a_change(wire: Wire) -> None:
    form = ConnectionForm(connection=existing(FIXED, properties={"place": "eu"}))
    page = Page(form, wire)
    assert form.errors == {}
    assert page.fields["free"]["missing"]
    form["free"].value = "x"
    assert form.submit() == {"free": "x"}


def test_values_to_begin_with_are_changes() -> None:
    form = ConnectionForm(recurly(), connection=existing(recurly()), values={"subdomain": "other"})
    assert form.changes == {"subdomain": "other"}


def test_what_stitch_has_is_not_judged_but_what_replaces_it_is() -> None:
    odd = existing(card(prop("start_date", MIDNIGHT)), properties={"start_date": "2018-01-01T10:00:00Z"})
    form = ConnectionForm(connection=odd)
    assert form.errors == {}
    form["start_date"].value = "2018-01-01T11:00:00Z"
    assert "start_date" in form.errors


def test_a_property_of_which_only_is_told_that_it_was_given_is_kept() -> None:
    source = existing(card(prop("reports", ROWS, required=True)), properties={})
    told = source.to_dict()
    told["report_card"]["steps"][0]["properties"][0]["provided"] = True
    form = ConnectionForm(connection=type(source)(told))
    assert form["reports"].given
    assert form.errors == {}


def test_a_property_that_the_card_does_not_know_is_left_alone() -> None:
    form = ConnectionForm(connection=existing(recurly(), properties={"product": "pipeline", "cron_expression": None}))
    assert "product" not in form
    assert form.changes == {}


@pytest.mark.parametrize(
    ("kept", "modes"),
    [
        ({}, ["interval", "anchored", "cron"]),
        ({"anchor_time": "2024-01-01T00:00:00Z"}, ["anchored", "cron"]),
        ({"cron_expression": "0 0 12 * * ?"}, ["cron"]),  # it wins, and cannot be taken back
    ],
)
def test_a_schedule_can_only_become_one_that_is_not_overruled(kept: dict[str, Any], modes: list[str]) -> None:
    form = ConnectionForm(connection=existing(recurly(), properties=kept))
    state = form._model.schedule.state()
    assert [mode for mode, _ in state["modes"]] == modes
    assert ("overrides the interval" in state["note"]) is (modes == ["cron"])


def test_either_a_type_or_a_source_is_given(account: Account) -> None:
    for both in ({}, {"type": "platform.recurly", "source": 5}):
        with pytest.raises(InvalidInputError, match="either the type of a new source or the source"):
            SourceForm(account, **both)
    with pytest.raises(InvalidInputError, match="Pass a report card"):
        ConnectionForm()


def test_a_source_may_be_given_as_it_was_answered(account: Account) -> None:
    form = SourceForm(account, source=existing(recurly(), display_name="Mine"), display_name="Ours")
    assert form["display_name"].changed
    assert form._spec["title"] == "Mine"


def test_a_destination_is_headed_by_what_it_is() -> None:
    destination = Destination({"id": 155, "type": "postgres", "properties": {}, "report_card": recurly().to_dict()})
    form = ConnectionForm(connection=destination)
    assert form._spec["type"] == "destination 155"
    assert form._repr_mimebundle_()[0]["text/html"]
