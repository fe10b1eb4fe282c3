"""The later steps of a wizard: what is selected, when it starts, a job, and its rows."""

import pytest
from form_page import Wire
from panel_page import say, told
from wizard_page import NOW, Begin, configured, created, filled, foot, panel, press, states

import stitchnb
from stitchnb.errors import (
    AlreadyRunningError,
    InvalidValuesError,
)
from stitchnb.widgets.wizard import step as _wizard_steps
from stitchnb.widgets.wizard.wizard import SourceWizard


def test_the_schedule_is_changed_alone(begin: Begin) -> None:
    wizard = configured(begin)
    assert [field.name for field in wizard.form] == ["anchor_time", "cron_expression", "frequency_in_minutes"]
    wizard.form["frequency_in_minutes"].value = "30"
    wizard.form.submit()
    assert wizard.step == "schedule"
    foot(wizard, "continue")
    facts = panel(wizard)._content["blocks"][1]["facts"]
    assert facts[0] == ["Schedule", "every 30 minutes"]


def test_continue_saves_a_schedule_that_was_chosen(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.form["frequency_in_minutes"].value = "30"
    foot(wizard, "continue")
    assert wizard.step == "run"
    assert panel(wizard)._content["blocks"][1]["facts"][0] == ["Schedule", "every 30 minutes"]


def test_continue_does_not_pass_over_a_schedule_that_cannot_be(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.form["cron_expression"].value = "every day"
    foot(wizard, "continue")
    assert wizard.step == "schedule"
    assert "cron_expression" in wizard.form.errors
    assert wizard.children[0].message
    with pytest.raises(InvalidValuesError):
        wizard.form.submit()


def test_each_event_changes_the_header_in_one_update(begin: Begin, wire: Wire) -> None:
    wizard = configured(begin)
    head = wizard.children[0]
    seen = len(wire.contents(head))

    def updates() -> list[tuple[str, str]]:
        """The step that is shown and the state of the job, in each update since."""
        nonlocal seen
        new, seen = wire.contents(head)[seen:], len(wire.contents(head))
        return [(next(s["type"] for s in one["steps"] if s["shown"]), one["steps"][-2]["state"]) for one in new]

    head.message = "Stitch refused it."
    updates()
    wizard.go("form")
    assert updates() == [("form", "now")], "the error goes in the update that shows the other step"
    wizard.go("field_selection")
    updates()
    foot(wizard, "continue")
    # That an error is taken away comes at once, before anything is asked.
    assert updates()[-1] == ("schedule", "now")
    wizard.go("run")
    assert updates() == [("run", "now")]
    wizard.start_job()
    wizard.wait()
    assert updates() == [("run", "done")]


def test_a_type_without_a_schedule_goes_on_to_the_job(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wizard_steps, "_SCHEDULE_PROPERTIES", frozenset())
    wizard = configured(begin)
    assert "schedule" not in states(wizard)
    assert wizard.step == "run"


def test_continue_does_not_lose_a_selection_that_was_not_applied(begin: Begin) -> None:
    wizard = created(begin)
    wizard.source.select("accounts", ["email"])
    wizard.go("form")
    wizard.go("field_selection")
    wizard.picker.select("plans")
    foot(wizard, "continue")
    assert wizard.step == "field_selection"
    assert wizard.children[0].message == "1 change not applied. Click Apply or Discard, then Continue."
    wizard.picker.apply()
    assert wizard.children[0].message == "", "what was wrong is done with"
    foot(wizard, "continue")
    assert wizard.step == "schedule"


def test_a_selection_that_was_applied_stays_so_even_where_the_source_is_not_told(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    wizard = created(begin)
    wizard.picker.select("accounts")
    with sandbox.faults.add(status=500, path=f"/v4/sources/{wizard.source.id}"):
        assert wizard.picker.apply().requests == 1
    assert "500" in wizard.children[0].message
    assert wizard.picker.message == "Saved 1 change."


def test_a_job_is_started_stopped_and_its_log_shown(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = configured(begin)
    with sandbox.faults.delay(1, path="/v4/*/extractions"):
        wizard.start_job()
        assert wizard.step == "run"
        press(wizard, "stop")
    wizard.wait()
    # It may have ended before it was stopped; either way it is over, and told.
    assert panel(wizard)._content["blocks"][0]["kind"] == "note"
    press(wizard, "log")
    assert panel(wizard)._content["blocks"][-1]["kind"] == "code"
    assert "log" not in panel(wizard).actions


def test_a_job_that_fails_says_in_which_part_and_can_be_run_again(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = configured(begin)
    with sandbox.faults.fail_extractions("the tap fell over"):
        wizard.start_job()
        wizard.wait()
    assert "The job failed in tap" in told(panel(wizard))
    assert "the tap fell over" in told(panel(wizard))
    assert states(wizard)["run"] == "failed"
    press(wizard, "start")
    wizard.wait()
    assert states(wizard)["run"] == "done"


def test_a_job_that_cannot_be_seen_is_looked_at_again_and_not_started_twice(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    wizard = configured(begin)
    with sandbox.faults.add(status=500, path="/v4/*/extractions"):
        wizard.start_job()
        wizard.wait()
        assert "500" in told(panel(wizard))
        assert panel(wizard).actions == ("stop", "look")
    press(wizard, "look")
    wizard.wait()
    assert states(wizard)["run"] == "done"
    assert len(sandbox.jobs()) == 1


def test_a_job_that_is_under_way_already_is_not_started_twice() -> None:
    with stitchnb.Sandbox(pace_s=0.5, clock=NOW) as sandbox:
        wizard = SourceWizard(sandbox.client(), "platform.recurly")
        filled(wizard).form.submit()
        wizard.wait().source.select("accounts", ["email"])
        wizard.go("field_selection")
        foot(wizard, "continue")
        foot(wizard, "continue")
        wizard.source.start_job()

        press(wizard, "start")
        assert "already running" in told(panel(wizard))
        assert "one already exists" in wizard.children[0].message
        with pytest.raises(AlreadyRunningError):
            wizard.start_job()
        press(wizard, "stop")
        assert panel(wizard).actions == ("schedule", "start")
        assert wizard.children[0].message == "", "what was wrong before is not wrong any more"
        wizard.close()


def test_rows_of_another_table_are_shown_on_demand(begin: Begin) -> None:
    wizard = created(begin)
    wizard.source.select("accounts", ["email"])
    wizard.source.select("plans", ["code"])
    foot(wizard, "continue")
    wizard.start_job()
    wizard.wait().go("rows")
    wizard.wait()
    say(panel(wizard), "choose", name="table", value="plans")
    wizard.wait()
    shown = next(block for block in panel(wizard)._content["blocks"] if block["kind"] == "table")
    assert shown["caption"] == "First rows of recurly.plans"


def test_before_any_job_there_are_no_rows_and_it_says_what_brings_them(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.go("rows")
    wizard.wait()
    assert told(panel(wizard)).startswith("No table of schema recurly is in the warehouse yet. Run a job to load rows")
    press(wizard, "run")
    assert wizard.step == "run"


def test_rows_of_a_real_account_are_told_by_their_loads(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    first = configured(begin)
    first.start_job()
    first.wait()
    with stitchnb.Client(sandbox.token, base_url=sandbox.url) as client:
        wizard = SourceWizard(client, source=first.source.id)
        wizard.go("rows")
        wizard.wait()
        loads = next(block for block in panel(wizard)._content["blocks"] if block["kind"] == "table")
        assert loads["rows"][0][:2] == ["accounts", {"text": "loaded", "tone": "ok"}]
        wizard.close()


def test_a_source_that_rows_are_pushed_to_has_no_job(begin: Begin) -> None:
    wizard = begin("import_api")
    assert list(states(wizard)) == ["type", "form", "rows"]
    wizard.form["display_name"].value = "Pushed"
    wizard.form.submit()
    wizard.wait()
    assert wizard.step == "rows"
    assert "Rows are pushed to this source" in told(panel(wizard))
    assert f"client.import_tokens.create({wizard.source.id})" in told(panel(wizard))
