"""The wizard, pressed step by step, with a real sandbox at the other end."""

import logging

import ipywidgets
import pytest
from ipywidgets.widgets import widget as registry
from panel_page import say, told
from wizard_page import Begin, configured, created, filled, foot, panel, press, states

import stitchnb
from stitchnb.errors import (
    InvalidInputError,
    NotFoundError,
    UnknownSourceTypeError,
)
from stitchnb.widgets.wizard.wizard import SourceWizard


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
    assert told(panel(wizard)) == "Job finished: 1 of 1 streams loaded"

    press(wizard, "rows")
    wizard.wait()
    assert told(panel(wizard)).startswith("461 rows in 1 table of schema recurly.")
    assert set(states(wizard).values()) == {"done"}


def test_the_steps_are_those_of_the_chosen_type(begin: Begin) -> None:
    assert "oauth" not in states(begin())
    assert list(states(begin("platform.google-ads")))[:4] == ["type", "form", "oauth", "discover_schema"]


def test_a_form_that_is_not_complete_yet_offers_no_way_around_it(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    source = sandbox.client().sources.create("platform.recurly", display_name="Recurly", validate=False)
    wizard = begin(source=source.id)
    assert wizard.step == "form"
    assert len(wizard.children) == 2, "nothing is below the form"

    filled(wizard).form.submit()
    assert wizard.step == "form"
    assert wizard.children[0].message == "Stitch still needs Start date."
    wizard.form["start_date"].value = "2026-01-01T00:00:00Z"
    wizard.form.submit()
    assert wizard.wait().step == "field_selection"


@pytest.mark.parametrize(("until", "step"), [("check", "field_selection"), ("selection", "run")])
def test_one_comes_back_to_where_the_source_stands(begin: Begin, until: str, step: str) -> None:
    first = created(begin) if until == "check" else configured(begin)
    first.close()
    again = begin(source=first.source.id)
    assert again.step == step
    assert again.source.name == "recurly"


def test_only_what_has_come_can_be_gone_to(begin: Begin, caplog: pytest.LogCaptureFixture) -> None:
    wizard = begin("platform.recurly")
    with pytest.raises(InvalidInputError, match="Step 'run' is not open yet"):
        wizard.go("run")
    with pytest.raises(InvalidInputError, match=r"There is no step 'forn'\. Use one of form\."):
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
    with pytest.raises(InvalidInputError, match=r"type of source .* can't be changed"):
        wizard.choose("platform.shopify")
    with pytest.raises(InvalidInputError, match="The source type can't be changed"):
        wizard.go("type")


def test_what_cannot_be_begun_with_is_refused_at_once(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    with pytest.raises(InvalidInputError, match="either the type of a new source or an existing source"):
        begin("platform.recurly", source=1)
    with pytest.raises(UnknownSourceTypeError, match=r"platform\.recurly"):
        begin("platform.recurli")
    with pytest.raises(NotFoundError):
        begin(source=4711)
    source = created(begin).source
    source.delete()
    with pytest.raises(InvalidInputError, match=f"Source {source.id} was deleted"):
        begin(source=source.id)


def test_a_source_is_gone_on_with_as_it_is_and_by_its_id(begin: Begin) -> None:
    source = created(begin).source
    assert begin(source=source).step == begin(source=source.id).step == "field_selection"


def test_a_source_that_was_told_long_ago_is_asked_for_anew(begin: Begin) -> None:
    wizard = filled(begin("platform.recurly"))
    told = wizard.form.submit()
    wizard.wait()
    assert told.state == "discover_schema"
    assert begin(source=told).step == "field_selection"


def test_one_that_is_refused_leaves_no_widget_behind(begin: Begin) -> None:
    client = begin().client
    before = set(registry._instances.values())
    with pytest.raises(UnknownSourceTypeError):
        SourceWizard(client, "platform.recurli")
    # A closed widget's layout stays, by ipywidgets' own making.
    assert {type(one) for one in set(registry._instances.values()) - before} <= {ipywidgets.Layout}


def test_a_paused_source_says_so_and_can_still_be_run(begin: Begin) -> None:
    source = configured(begin).source
    source.pause()
    wizard = begin(source=source.id)
    assert wizard.step == "run"
    assert wizard.children[0]._content["banner"].startswith("This source is paused")
    wizard.start_job()
    wizard.wait()
    assert states(wizard)["run"] == "done"


def test_a_paused_source_that_rows_are_pushed_to_speaks_of_no_job(begin: Begin, sandbox: stitchnb.Sandbox) -> None:
    source = sandbox.client().sources.create("import_api", display_name="Pushed")
    source.pause()
    banner = begin(source=source.id).children[0]._content["banner"]
    assert banner == "This source is paused. Rows that are pushed to it are refused."


def test_forms_and_pickers_are_only_there_while_they_are_shown(begin: Begin) -> None:
    wizard = begin()
    with pytest.raises(InvalidInputError, match=r"Step 'type' shows no form"):
        _ = wizard.form
    with pytest.raises(InvalidInputError, match=r"Step 'type' shows no picker"):
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
        watcher = wizard._controller.shown.watcher  # type: ignore[union-attr]
        wizard.close()
    assert watcher is not None
    assert watcher.join(30)
    assert wizard.step == "discover_schema"


def test_its_text_is_short_and_the_same_on_every_run(begin: Begin) -> None:
    wizard = created(begin)
    assert repr(wizard) == f"SourceWizard(source {wizard.source.id}, step field_selection)"
    html = wizard._repr_mimebundle_()["text/html"]
    assert "<td>3</td><td>Check and discovery</td><td>done</td>" in html


def test_it_offers_an_analyst_nothing_but_what_is_for_them() -> None:
    own = {name for name in set(dir(SourceWizard)) - set(dir(ipywidgets.VBox)) if not name.startswith("_")}
    assert own == {"choose", "form", "go", "picker", "source", "start_job", "step", "steps", "to_frame", "wait"}
