"""What was typed or chosen in a step and is not saved: it is there again when one comes back, and nowhere else."""

import json

import pytest
from connection_properties import postgres_properties
from form_page import Page, Wire
from panel_page import say
from wizard_page import GOOD, Begin, configured, created, filled, foot, press

import stitchnb
from stitchnb.errors import APIError
from stitchnb.rules.selection.changes import Change
from stitchnb.widgets.wizard.steps_fields import PickerDraft, restore_picker_draft
from stitchnb.widgets.wizard.wizard import SourceWizard

FORM_WORDS = "Your earlier changes are restored. They are not saved yet."
PICKER_WORDS = "Your earlier changes are restored. They are not applied yet."


def unsaved(wizard: SourceWizard) -> list[str]:
    """The steps that the stepper marks."""
    return [step["type"] for step in wizard.children[0]._content["steps"] if step["unsaved"]]


def test_a_form_that_was_left_is_filled_in_again(begin: Begin) -> None:
    wizard = filled(begin("platform.recurly"), quota_limit="thirty")
    wizard.form["display_name"].value = "Shop"
    wizard.form["start_date"].value = None
    say(wizard.children[0], "go", name="type")
    wizard.choose("platform.recurly")
    assert {f.name: f.value for f in wizard.form if not f.input.is_secret} == {
        "display_name": "Shop",
        "anchor_time": None,
        "cron_expression": None,
        "frequency_in_minutes": "60",
        "image_version": None,
        "start_date": None,
        "subdomain": "acme",
        "quota_limit": "thirty",
    }
    assert set(wizard.form.errors) == {"quota_limit", "start_date"}
    assert wizard.form.message == FORM_WORDS
    wizard.form["quota_limit"].value, wizard.form["start_date"].value = "30", "2026-01-01T00:00:00Z"
    assert wizard.form.submit().name == "shop", "the credential is there too"


def test_a_credential_that_is_kept_is_never_told_to_a_page(begin: Begin, wire: Wire) -> None:
    wizard = filled(begin("platform.recurly"), api_key="key-4711")
    wizard.go("type")
    wizard.choose("platform.recurly")
    page = Page(wizard.form, wire)
    assert page.fields["api_key"]["given"]
    assert page.fields["api_key"]["text"] == ""
    assert not wire.holds("key-4711")
    draft = wizard._controller.shown.draft()  # type: ignore[union-attr]
    assert "key-4711" not in repr(draft) + repr(draft.fields) + repr(wizard)
    assert "key-4711" not in json.dumps(wizard.form.get_state(), default=str)


def test_a_credential_goes_with_the_wizard_and_once_it_is_sent(begin: Begin) -> None:
    wizard = filled(begin("platform.recurly"))
    wizard.go("type")
    assert wizard._controller._drafts
    wizard.close()
    assert not wizard._controller._drafts

    other = filled(begin("platform.recurly"))
    other.go("type")
    filled(other.choose("platform.recurly")).form.submit()
    other.wait()
    assert not other._controller._drafts


def test_a_form_that_nobody_touched_leaves_nothing(begin: Begin) -> None:
    wizard = begin("platform.recurly")
    wizard.go("type")
    assert unsaved(wizard) == []
    wizard.choose("platform.recurly")
    assert wizard.form.message is None


def test_each_type_has_its_own(begin: Begin) -> None:
    wizard = filled(begin("platform.recurly"), subdomain="mine")
    wizard.go("type")
    assert unsaved(wizard) == ["form"], "a word in the stepper says so"
    wizard.choose("platform.shopify")
    assert wizard.form.message is None
    assert unsaved(wizard) == []
    wizard.form["shop"].value = "theirs"
    wizard.go("type")
    assert wizard.choose("platform.recurly").form["subdomain"].value == "mine"
    wizard.go("type")
    assert wizard.choose("platform.shopify").form["shop"].value == "theirs"


def test_a_schedule_that_was_begun_is_there_again(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.form["cron_expression"].value = "0 0 12 ? * MON-FRI"
    wizard.go("run")
    assert unsaved(wizard) == ["schedule"]
    wizard.go("schedule")
    assert wizard.form.changes == {"cron_expression": "0 0 12 ? * MON-FRI"}
    assert wizard.form._model.schedule.mode == "cron"
    assert wizard.form.message == FORM_WORDS
    assert unsaved(wizard) == ["schedule"], "the form itself says it far below"
    wizard.form.submit()
    assert unsaved(wizard) == []
    wizard.go("run")
    assert unsaved(wizard) == []
    wizard.go("schedule")
    assert wizard.form.message is None


def test_what_was_saved_elsewhere_meanwhile_is_what_a_change_begins_with(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.go("form")
    wizard.form["subdomain"].value = "other"
    wizard.go("schedule")
    wizard.form["frequency_in_minutes"].value = "30"
    wizard.form.submit()
    wizard.go("form")
    assert wizard.form.changes == {"subdomain": "other"}
    assert wizard.form["frequency_in_minutes"].value == "30"


def test_what_is_left_as_it_is_is_forgotten(begin: Begin) -> None:
    wizard = created(begin, api_key="bad-key")
    press(wizard, "correct")
    wizard.form["subdomain"].value = "other"
    foot(wizard, "back")
    assert unsaved(wizard) == []
    wizard.go("form")
    assert wizard.form["subdomain"].value == GOOD["subdomain"]


def test_what_is_taken_back_is_not_unsaved_any_more(begin: Begin) -> None:
    wizard = created(begin)
    wizard.picker.select("plans")
    wizard.go("form")
    wizard.form["subdomain"].value = "other"
    wizard.go("field_selection")
    wizard.picker.discard()
    assert unsaved(wizard) == ["form"]
    wizard.go("form")
    wizard.form["subdomain"].value = GOOD["subdomain"]
    assert unsaved(wizard) == []


def test_a_form_that_is_emptied_stays_so(begin: Begin) -> None:
    wizard = created(begin)
    wizard.go("form")
    wizard.form["subdomain"].value = None
    wizard.go("field_selection")
    wizard.go("form")
    assert wizard.form["subdomain"].value is None
    assert "subdomain" in wizard.form.errors


def test_choices_that_were_not_applied_are_there_again(begin: Begin) -> None:
    wizard = created(begin)
    wizard.picker.load("accounts")
    wizard.picker.select("accounts", fields=["code", "email"])
    wizard.picker.select("plans")
    before = [str(change) for change in wizard.picker.catalog.pending]
    wizard.go("form")
    assert unsaved(wizard) == ["field_selection"]
    wizard.go("field_selection")
    assert [str(change) for change in wizard.picker.catalog.pending] == before
    assert wizard.picker.message == PICKER_WORDS
    assert unsaved(wizard) == ["field_selection"]
    wizard.picker.apply()
    assert unsaved(wizard) == []
    wizard.go("form")
    assert unsaved(wizard) == []
    wizard.go("field_selection")
    assert wizard.picker.catalog["accounts"].selected
    assert wizard.picker.message is None


def test_fields_of_a_stream_that_is_not_to_be_selected_are_kept_without_it(begin: Begin) -> None:
    wizard = created(begin)
    wizard.picker.load("accounts")
    wizard.picker.select("accounts", fields=["email"])
    wizard.picker.deselect("accounts")
    before = [str(change) for change in wizard.picker.catalog.pending]
    assert before
    wizard.go("form")
    wizard.go("field_selection")
    assert [str(change) for change in wizard.picker.catalog.pending] == before


def test_methods_and_keys_are_kept(begin: Begin) -> None:
    wizard = begin("platform.hp-postgres")
    given = postgres_properties()
    for name, value in given.items():
        wizard.form[name].value = value
    wizard.form.submit()
    wizard.wait()
    picker = wizard.picker
    picker.load()
    picker.configure("orders", replication_method="INCREMENTAL", replication_key="updated_at")
    picker.configure("customer_view", view_keys=["id"])
    picker.select("orders")
    before = [str(change) for change in picker.catalog.pending]
    assert len(before) == 4
    wizard.go("form")
    wizard.go("field_selection")
    assert [str(change) for change in wizard.picker.catalog.pending] == before


def test_what_cannot_be_chosen_any_more_is_counted_and_the_rest_is_chosen(begin: Begin) -> None:
    wizard = created(begin)
    gone = "properties", "gone"
    changes = (
        Change("accounts", "accounts", (), "replication-key", None, "gone"),
        Change("accounts", "accounts", (), "selected", None, True),
        Change("accounts", "accounts", ("properties", "email"), "selected", None, True),
        Change("accounts", "accounts", gone, "selected", None, True),
        Change("gone", "gone", (), "selected", None, True),
        Change("gone", "gone", gone, "selected", None, True),
    )
    restore_picker_draft(wizard.picker, PickerDraft(changes))
    assert [str(change) for change in wizard.picker.catalog.pending] == [
        "accounts: selected None → True",
        "accounts.email: selected None → True",
    ]
    assert wizard.picker.message == f"{PICKER_WORDS} 4 changes could not be restored."


def test_what_cannot_be_shown_again_now_is_not_lost(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = created(begin)
    wizard.picker.load("accounts")
    wizard.picker.select("accounts", fields=["email"])
    wizard.go("form")
    with sandbox.faults.add(status=400, path="/v4/sources/*/streams/*"), pytest.raises(APIError):
        wizard.go("field_selection")
    assert wizard.step == "form", "one stays where one was"
    assert unsaved(wizard) == ["field_selection"]
    wizard.go("field_selection")
    assert len(wizard.picker.catalog.pending) == 2
