"""What a wizard waits for: a connection check, and somebody who grants access."""

import pytest
from panel_page import say, told
from wizard_page import Begin, awaiting_access, configured, created, filled, foot, panel, press, states

import stitchnb
from stitchnb.errors import (
    WaitTimeoutError,
)
from stitchnb.widgets.wizard import steps_check as _grant_stage
from stitchnb.widgets.wizard.steps_check import CheckStep
from stitchnb.widgets.wizard.wizard import SourceWizard


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
        with pytest.raises(WaitTimeoutError, match="Step 'discover_schema' is still running after 0 seconds"):
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
    assert "this client is closed" in told(panel(wizard))
    wizard.close()


def test_one_goes_back_to_the_form_while_a_check_runs_and_is_not_called_away(
    begin: Begin, sandbox: stitchnb.Sandbox
) -> None:
    wizard = filled(begin("platform.recurly"))
    with sandbox.faults.delay(0.5, path="/v4/sources/*/last-connection-check"):
        wizard.form.submit()
        watcher = wizard._controller.shown.watcher  # type: ignore[union-attr]
        say(wizard.children[0], "go", name="form")
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.step == "form"
    foot(wizard, "back")
    assert wizard.wait().step == "field_selection"


def test_a_press_that_comes_after_its_step_was_left_does_nothing(begin: Begin) -> None:
    wizard = created(begin, api_key="bad-key")
    left = wizard._controller.shown
    assert isinstance(left, CheckStep)
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
    assert dict(panel(wizard)._content["blocks"][1]["facts"])["Finished"] == "2026-03-20 16:00 UTC"
    press(wizard, "continue")
    assert wizard.step == "run"


def test_one_comes_back_to_a_failed_check(begin: Begin) -> None:
    first = created(begin, api_key="bad-key")
    again = begin(source=first.source.id).wait()
    assert again.step == "discover_schema"
    assert states(again)["discover_schema"] == "failed"


def test_a_changed_connection_is_checked_again(begin: Begin) -> None:
    wizard = configured(begin)
    wizard.go("form")
    wizard.form["api_key"].value = "bad-key"
    wizard.form.submit()
    assert wizard.wait().step == "discover_schema"
    assert states(wizard)["discover_schema"] == "failed"


def test_access_is_granted_in_the_browser_and_the_wizard_goes_on(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = awaiting_access(begin)
    assert wizard.step == "oauth"
    content = panel(wizard)._content
    assert "requires you to sign in" in content["blocks"][0]["text"]
    codes = next(block["codes"] for block in content["blocks"] if block["kind"] == "next")
    assert any(f"stitchnb.SourceWizard(client, source={wizard.source.id})" in code["text"] for code in codes)

    press(wizard, "look")
    assert wizard.step == "oauth"
    assert "has not finished this step yet" in told(panel(wizard))
    press(wizard, "form")
    assert wizard.step == "form"
    foot(wizard, "back")
    press(wizard, "authorize")
    assert wizard.wait().step == "field_selection"


def test_access_that_somebody_else_grants_is_noticed(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    wizard = awaiting_access(begin)
    watcher = wizard._controller.shown.watcher  # type: ignore[union-attr]
    sandbox.authorize(wizard.source.id)
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.wait().step == "field_selection"


def test_access_is_not_looked_for_for_ever_and_it_says_so(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_grant_stage, "_WATCHED_S", -1)
    wizard = awaiting_access(begin)
    watcher = wizard._controller.shown.watcher  # type: ignore[union-attr]
    assert watcher is not None
    assert watcher.join(30)
    assert panel(wizard)._content["summary"] == "Click Check again when you are done."
    monkeypatch.undo()
    press(wizard, "look")
    assert panel(wizard)._content["summary"] == "Setup continues automatically."
