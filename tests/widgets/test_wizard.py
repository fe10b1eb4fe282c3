"""The wizard, pressed step by step, with a real sandbox at the other end."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import ipywidgets
import pytest
from ipywidgets.widgets import widget as registry
from panel_page import say, told

import stitchnb
from stitchnb.errors import (
    AlreadyRunningError,
    InvalidInputError,
    InvalidValuesError,
    NotFoundError,
    UnknownSourceTypeError,
    WaitTimeoutError,
)
from stitchnb.widgets import _grant_stage, _wizard_steps
from stitchnb.widgets._check_stage import CheckStage
from stitchnb.widgets._step_panel import StepPanel
from stitchnb.widgets.wizard import SourceWizard

NOW = "2026-03-20T16:00:00Z"
GOOD = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30"}

Begin = Callable[..., SourceWizard]


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    with stitchnb.Sandbox(pace_s=0, clock=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def begin(sandbox: stitchnb.Sandbox) -> Iterator[Begin]:
    """Make wizards that are closed before their sandbox is."""
    client = sandbox.client()
    with contextlib.ExitStack() as wizards:

        def begin(*arguments: object, **named: object) -> SourceWizard:
            wizard = SourceWizard(client, *arguments, **named)  # type: ignore[arg-type]
            wizards.callback(wizard.close)
            return wizard

        yield begin


def filled(wizard: SourceWizard, **values: str) -> SourceWizard:
    for name, value in (GOOD | values).items():
        wizard.form[name].value = value
    return wizard


def created(begin: Begin, **values: str) -> SourceWizard:
    """A wizard whose source was created, and its check has ended."""
    wizard = filled(begin("platform.recurly"), **values)
    wizard.form.submit()
    return wizard.wait()


def configured(begin: Begin) -> SourceWizard:
    """A wizard whose source has a stream, at the schedule."""
    wizard = created(begin)
    wizard.live_source.select("accounts", ["email"])
    foot(wizard, "continue")
    return wizard


def awaiting_access(begin: Begin) -> SourceWizard:
    """A wizard whose source was created, and somebody has still to grant access."""
    wizard = begin("platform.google-ads")
    wizard.form["customer_ids"].value = "1234567890"
    wizard.form["login_customer_ids"].value = [{"customerId": "1234567890", "loginCustomerId": "1234567890"}]
    wizard.form.submit()
    return wizard


def panel(wizard: SourceWizard) -> StepPanel:
    """The panel of the step that is shown."""
    shown = wizard.children[1]
    assert isinstance(shown, StepPanel)
    return shown


def press(wizard: SourceWizard, name: str) -> None:
    say(panel(wizard), "press", name=name)


def foot(wizard: SourceWizard, name: str) -> None:
    """Press a button below the step."""
    below = wizard.children[2]
    assert isinstance(below, StepPanel)
    say(below, "press", name=name)


def states(wizard: SourceWizard) -> dict[str, str]:
    frame = wizard.to_frame()
    return dict(zip(frame["step"], frame["state"], strict=True))


def test_from_the_gallery_to_rows(begin: Begin) -> None:
    wizard = begin()
    assert wizard.step == "type"
    say(wizard.children[1], "choose", value="platform.recurly")
    assert wizard.step == "form"

    filled(wizard).form.submit()
    assert wizard.wait().step == "field_selection"
    assert wizard.source.name == "recurly"

    wizard.picker.source.select("accounts", ["email"])
    foot(wizard, "continue")
    assert wizard.step == "schedule"
    foot(wizard, "continue")
    press(wizard, "start")
    wizard.wait()
    assert told(panel(wizard)) == "The job has ended: 1 of 1 streams loaded."

    press(wizard, "rows")
    wizard.wait()
    assert told(panel(wizard)).startswith("461 rows in 1 table of schema recurly.")
    assert set(states(wizard).values()) == {"done"}


def test_the_steps_are_those_of_the_chosen_type(begin: Begin) -> None:
    assert "oauth" not in states(begin())
    assert list(states(begin("platform.google-ads")))[:4] == ["type", "form", "oauth", "discover_schema"]


def test_a_failed_check_shows_the_taps_message_and_leads_back_to_the_fields(begin: Begin) -> None:
    wizard = created(begin, api_key="bad-key")
    assert wizard.step == "discover_schema"
    assert told(panel(wizard)).startswith("HTTP-error-code: 401")
    assert states(wizard)["discover_schema"] == "failed"

    press(wizard, "correct")
    assert wizard.step == "form"
    assert wizard.form["subdomain"].value == "acme", "nothing has to be typed again"
    assert wizard.form["api_key"].kept
    wizard.form["api_key"].value = "a-key"
    wizard.form.submit()
    assert wizard.wait().step == "field_selection"
    assert states(wizard)["discover_schema"] == "done"


def test_the_notebook_stays_free_while_a_check_runs(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    with sandbox.faults.delay(1, path="/v4/sources/*/last-connection-check"):
        wizard = filled(begin("platform.recurly"))
        wizard.form.submit()
        assert wizard.step == "discover_schema"
        assert wizard.children[1]._content["blocks"][1]["kind"] == "progress"
        with pytest.raises(WaitTimeoutError, match="Step 'discover_schema' still goes on after 0 seconds"):
            wizard.wait(timeout_s=0)
    assert wizard.wait().step == "field_selection"


def test_what_goes_wrong_while_nobody_looks_is_shown_and_can_be_looked_at_again(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    with sandbox.faults.add(status=500, path="/v4/sources/*/last-connection-check"):
        wizard = created(begin)
        assert "500" in told(panel(wizard))
    press(wizard, "look")
    assert wizard.wait().step == "field_selection"


def test_a_client_that_is_closed_meanwhile_is_told_and_nothing_more_is_looked_at(sandbox: stitchnb.Sandbox) -> None:
    client = sandbox.client()
    wizard = SourceWizard(client, "platform.recurly")
    with sandbox.faults.delay(0.5, path="/v4/sources/*/last-connection-check"):
        filled(wizard).form.submit()
        client.close()
        wizard.wait()
    assert "this client was closed" in told(panel(wizard))
    wizard.close()


def test_one_goes_back_to_the_form_while_a_check_runs_and_is_not_called_away(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    wizard = filled(begin("platform.recurly"))
    with sandbox.faults.delay(0.5, path="/v4/sources/*/last-connection-check"):
        wizard.form.submit()
        watcher = wizard._stage.watcher  # type: ignore[union-attr]
        say(wizard.children[0], "go", name="form")
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.step == "form"
    foot(wizard, "back")
    assert wizard.wait().step == "field_selection"


def test_a_press_that_comes_after_its_step_was_left_does_nothing(begin: Begin) -> None:
    wizard = created(begin, api_key="bad-key")
    left = wizard._stage
    assert isinstance(left, CheckStage)
    before = left.watcher
    wizard.go("form")
    left._pressed("look", "")
    assert left.watcher is before
    assert wizard.step == "form"


def test_a_check_that_was_done_can_be_looked_at_again(begin: Begin) -> None:
    wizard = configured(begin)
    say(wizard.children[0], "go", name="discover_schema")
    assert wizard.wait().step == "discover_schema"
    assert told(panel(wizard)) == "The connection check succeeded."
    assert dict(panel(wizard)._content["blocks"][1]["facts"])["Ended"] == "2026-03-20 16:00 UTC"
    press(wizard, "continue")
    assert wizard.step == "run"


def test_a_form_that_is_not_complete_yet_offers_no_way_around_it(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    source = sandbox.client().sources.create("platform.recurly", display_name="Recurly", validate=False)
    wizard = begin(source_id=source.id)
    assert wizard.step == "form"
    assert len(wizard.children) == 2, "nothing is below the form"

    filled(wizard).form.submit()
    assert wizard.step == "form"
    assert wizard.children[0].error == "Stitch still needs Start date: then it goes on."
    wizard.form["start_date"].value = "2026-01-01T00:00:00Z"
    wizard.form.submit()
    assert wizard.wait().step == "field_selection"


@pytest.mark.parametrize(("until", "step"), [("check", "field_selection"), ("selection", "run")])
def test_one_comes_back_to_where_the_source_stands(begin: Begin, until: str, step: str) -> None:
    first = created(begin) if until == "check" else configured(begin)
    first.close()
    again = begin(source_id=first.source.id)
    assert again.step == step
    assert again.source.name == "recurly"


def test_one_comes_back_to_a_failed_check(begin: Begin) -> None:
    first = created(begin, api_key="bad-key")
    again = begin(source_id=first.source.id).wait()
    assert again.step == "discover_schema"
    assert states(again)["discover_schema"] == "failed"


def test_access_is_granted_in_the_browser_and_the_wizard_goes_on(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = awaiting_access(begin)
    assert wizard.step == "oauth"
    content = panel(wizard)._content
    assert "asks a person to grant access in a browser" in content["blocks"][0]["text"]
    codes = next(block["codes"] for block in content["blocks"] if block["kind"] == "next")
    assert any(f"stitchnb.SourceWizard(client, source_id={wizard.source.id})" in code["text"] for code in codes)

    press(wizard, "look")
    assert wizard.step == "oauth"
    assert "still to be done" in told(panel(wizard))
    press(wizard, "form")
    assert wizard.step == "form"
    foot(wizard, "back")
    press(wizard, "authorize")
    assert wizard.wait().step == "field_selection"


def test_access_that_somebody_else_grants_is_noticed(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = awaiting_access(begin)
    watcher = wizard._stage.watcher  # type: ignore[union-attr]
    sandbox.authorize(wizard.source.id)
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.wait().step == "field_selection"


def test_access_is_not_looked_for_for_ever_and_it_says_so(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_grant_stage, "_WATCHED_S", -1)
    wizard = awaiting_access(begin)
    watcher = wizard._stage.watcher  # type: ignore[union-attr]
    assert watcher is not None
    assert watcher.join(30)
    assert panel(wizard)._content["summary"] == "Look again once it is done."
    monkeypatch.undo()
    press(wizard, "look")
    assert panel(wizard)._content["summary"] == "This page goes on by itself once it is done."


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
    assert wizard.children[0].error
    with pytest.raises(InvalidValuesError):
        wizard.form.submit()


def test_a_type_without_a_schedule_goes_on_to_the_job(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_wizard_steps, "_SCHEDULE_PROPERTIES", frozenset())
    wizard = configured(begin)
    assert "schedule" not in states(wizard)
    assert wizard.step == "run"


def test_continue_does_not_lose_a_selection_that_was_not_applied(begin: Begin) -> None:
    wizard = created(begin)
    wizard.live_source.select("accounts", ["email"])
    wizard.go("form")
    wizard.go("field_selection")
    wizard.picker.select("plans")
    foot(wizard, "continue")
    assert wizard.step == "field_selection"
    assert wizard.children[0].error == "1 change not applied yet: apply or discard, then continue."
    wizard.picker.apply()
    assert wizard.children[0].error == "", "what was wrong is done with"
    foot(wizard, "continue")
    assert wizard.step == "schedule"


def test_a_selection_that_was_applied_stays_so_even_where_the_source_is_not_told(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    wizard = created(begin)
    wizard.picker.select("accounts")
    with sandbox.faults.add(status=500, path=f"/v4/sources/{wizard.source.id}"):
        assert wizard.picker.apply().requests == 1
    assert "500" in wizard.children[0].error
    assert wizard.picker.notice == "Applied 1 change in 1 request."


def test_a_changed_connection_is_checked_again(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.go("form")
    wizard.form["api_key"].value = "bad-key"
    wizard.form.submit()
    assert wizard.wait().step == "discover_schema"
    assert states(wizard)["discover_schema"] == "failed"


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
        wizard.wait().live_source.select("accounts", ["email"])
        wizard.go("field_selection")
        foot(wizard, "continue")
        foot(wizard, "continue")
        wizard.live_source.start_job()

        press(wizard, "start")
        assert "under way already" in told(panel(wizard))
        assert "one already exists" in wizard.children[0].error
        with pytest.raises(AlreadyRunningError):
            wizard.start_job()
        press(wizard, "stop")
        assert panel(wizard).actions == ("schedule", "start")
        assert wizard.children[0].error == "", "what was wrong before is not wrong any more"
        wizard.close()


def test_rows_of_another_table_are_shown_on_demand(begin: Begin) -> None:
    wizard = created(begin)
    wizard.live_source.select("accounts", ["email"])
    wizard.live_source.select("plans", ["code"])
    foot(wizard, "continue")
    wizard.start_job()
    wizard.wait().go("rows")
    wizard.wait()
    say(panel(wizard), "choose", name="table", value="plans")
    wizard.wait()
    shown = next(block for block in panel(wizard)._content["blocks"] if block["kind"] == "table")
    assert shown["caption"] == "The first rows of recurly.plans"


def test_before_any_job_there_are_no_rows_and_it_says_what_brings_them(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.go("rows")
    wizard.wait()
    assert told(panel(wizard)).startswith("No table of schema recurly is in the warehouse yet. A job brings them")
    press(wizard, "run")
    assert wizard.step == "run"


def test_rows_of_a_real_account_are_told_by_their_loads(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    first = configured(begin)
    first.start_job()
    first.wait()
    with stitchnb.Client(sandbox.token, base_url=sandbox.url) as client:
        wizard = SourceWizard(client, source_id=first.source.id)
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


def test_only_what_has_come_can_be_gone_to(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    wizard = begin("platform.recurly")
    with pytest.raises(InvalidInputError, match="Step 'run' has not come yet"):
        wizard.go("run")
    with pytest.raises(InvalidInputError, match=r"There is no step 'forn'\. There are form\."):
        wizard.go("forn")
    with caplog.at_level(logging.WARNING):
        say(wizard.children[0], "go", name="run")
    assert wizard.step == "form"
    say(wizard.children[0], "go", name="type")
    assert wizard.step == "type"
    wizard.choose("platform.shopify")
    assert wizard.form.type == "platform.shopify"


def test_a_source_keeps_its_type(begin: Begin) -> None:
    wizard = created(begin)
    with pytest.raises(InvalidInputError, match="has its type for good"):
        wizard.choose("platform.shopify")
    with pytest.raises(InvalidInputError, match="A source has its type for good"):
        wizard.go("type")


def test_what_cannot_be_begun_with_is_refused_at_once(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="either the type of a new source, or the id"):
        begin("platform.recurly", source_id=1)
    with pytest.raises(UnknownSourceTypeError, match=r"platform\.recurly"):
        begin("platform.recurli")
    with pytest.raises(NotFoundError):
        begin(source_id=4711)
    source = created(begin).live_source
    source.delete()
    with pytest.raises(InvalidInputError, match=f"Source {source.id} was deleted"):
        begin(source_id=source.id)


def test_one_that_is_refused_leaves_no_widget_behind(begin: Begin) -> None:
    client = begin().client
    before = set(registry._instances.values())
    with pytest.raises(UnknownSourceTypeError):
        SourceWizard(client, "platform.recurli")
    # A closed widget's layout stays, by ipywidgets' own making.
    assert {type(one) for one in set(registry._instances.values()) - before} <= {ipywidgets.Layout}


def test_a_paused_source_says_so_and_can_still_be_run(begin: Begin) -> None:
    source = configured(begin).live_source
    source.pause()
    wizard = begin(source_id=source.id)
    assert wizard.step == "run"
    assert wizard.children[0]._content["banner"].startswith("This source is paused")
    wizard.start_job()
    wizard.wait()
    assert states(wizard)["run"] == "done"


def test_a_paused_source_that_rows_are_pushed_to_speaks_of_no_job(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    source = sandbox.client().sources.create("import_api", display_name="Pushed")
    source.pause()
    banner = begin(source_id=source.id).children[0]._content["banner"]
    assert banner == "This source is paused: rows that are pushed to it are refused."


def test_forms_and_pickers_are_only_there_while_they_are_shown(begin: Begin) -> None:
    wizard = begin()
    with pytest.raises(InvalidInputError, match=r"No form is shown in step 'type'"):
        _ = wizard.form
    with pytest.raises(InvalidInputError, match=r"The picker is not shown in step 'type'"):
        _ = wizard.picker


def test_the_step_and_the_source_can_be_observed(begin: Begin) -> None:
    wizard = begin("platform.recurly")
    seen: list[str] = []
    wizard.observe(lambda change: seen.append(change["new"]), names="step")
    filled(wizard).form.submit()
    wizard.wait()
    assert seen == ["discover_schema", "field_selection"]


def test_a_closed_wizard_looks_at_nothing_any_more(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    with sandbox.faults.delay(1, path="/v4/sources/*/last-connection-check"):
        wizard = filled(begin("platform.recurly"))
        wizard.form.submit()
        watcher = wizard._stage.watcher  # type: ignore[union-attr]
        wizard.close()
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.step == "discover_schema"


def test_its_text_is_short_and_the_same_on_every_run(begin: Begin) -> None:
    wizard = created(begin)
    assert repr(wizard) == f"SourceWizard(source {wizard.source.id}, step field_selection)"
    html = wizard._repr_mimebundle_()["text/html"]
    assert "<td>3</td><td>Check and discovery</td><td>done</td>" in html
