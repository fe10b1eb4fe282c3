"""The wizard in JupyterLab: by keyboard, beside a notebook that stays usable, and on again after a restart."""

from collections.abc import Callable
from pathlib import Path

import pytest
from accessibility import expect_accessible
from form_views import Form
from lab_page import NotebookPage
from nbformat.v4 import new_code_cell, new_notebook
from picker_views import Picker
from playwright.sync_api import Locator, expect

SETUP = """
import stitchnb
sandbox = stitchnb.Sandbox({path!r}, pace_s=0, clock="2026-03-20T16:00:00Z")
client = sandbox.client()
"""
WIZARD = "wizard = stitchnb.SourceWizard(client)\nwizard"
# Checks that end when the test opens a gate.
GATED_CHECKS = f"""
from gates import GatedChecks
checks = sandbox.connectors["platform.recurly"] = GatedChecks("platform.recurly")
{WIZARD}
"""
RUNNABLE = """
given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
source.check().wait()
source.select("accounts", ["email"])
source.select("plans", ["code"])
stitchnb.SourceWizard(client, source=source.id)
"""
ORDERS = """
given = {"api_key": "a-key", "shop": "acme", "start_date": "2026-01-01T00:00:00Z"}
source = client.sources.create("platform.shopify", display_name="Shop", properties=given)
source.check().wait()
source.select("orders", ["order_number", "name", "email", "phone", "created_at"])
stitchnb.SourceWizard(client, source=source.id)
"""
GATED_ROWS = f"""
from gates import GatedRows
rows = sandbox.connectors["platform.recurly"] = GatedRows("platform.recurly")
{RUNNABLE}
"""
GOOD = {"API key": "a-key", "Subdomain": "acme", "Quota limit": "30"}

Begin = Callable[..., Form]


@pytest.fixture
def begin(open_notebook: Callable[..., NotebookPage]) -> Begin:
    """Open a notebook with a wizard: ``begin(cell, path=None, width=1280)``."""

    def begin(cell: str = WIZARD, *, path: str | None = None, width: int = 1280) -> Form:
        cells = [SETUP.format(path=path).strip(), cell, "print()"]
        notebook = open_notebook(new_notebook(cells=[new_code_cell(source) for source in cells]), width=width)
        assert notebook.run_all().errors == []
        return Form(notebook, notebook.output(1))

    return begin


def button(form: Form, name: str) -> Locator:
    return form.root.get_by_role("button", name=name, exact=True)


def step(form: Form) -> Locator:
    """The step that is shown, in the stepper."""
    return form.root.locator('ol.sn-steps [aria-current="step"]')


def choose_recurly(form: Form) -> None:
    form.field("Search").fill("recurly")
    form.page.keyboard.press("Enter")
    expect(form.field("API key")).to_be_visible()


def create(form: Form, **values: str) -> None:
    for label, text in (GOOD | values).items():
        form.field(label).fill(text)
    form.settle()
    button(form, "Create source").click()


def select_accounts(form: Form) -> None:
    picker = Picker(form)
    picker.open("accounts")
    picker.root.get_by_label("Search fields").fill("company")
    picker.box("company").check()
    expect(picker.summary).to_contain_text("2 changes")
    picker.button("Apply").click()
    expect(form.root.get_by_text("Saved 2 changes.")).to_be_visible()
    button(form, "Continue").click()


def focused(form: Form) -> str:
    """The name of what has the focus."""
    name: str = form.page.evaluate(
        "() => (e => e.getAttribute('aria-label') || e.name || e.labels?.[0]?.textContent || e.textContent.trim())"
        "(document.activeElement)"
    )
    return name


def tab_to(form: Form, name: str, *, most: int = 60) -> None:
    """Press Tab until something of that name has the focus."""
    for _ in range(most):
        if focused(form) == name:
            return
        form.page.keyboard.press("Tab")
    raise AssertionError(f"{name!r} is not reached by Tab; last was {focused(form)!r}")


def test_from_the_gallery_to_rows_by_keyboard_alone(begin: Begin) -> None:
    form = begin()
    keyboard = form.page.keyboard
    form.field("Search").focus()
    keyboard.type("recurly")
    keyboard.press("Enter")
    expect(form.field("API key")).to_be_visible()
    expect(form.root.locator("header")).to_be_focused()
    assert focused(form) == "Recurly, step 2 of 7: Form"

    for name, text in (("api_key", "a-key"), ("subdomain", "acme"), ("quota_limit", "30")):
        tab_to(form, name)
        keyboard.type(text)
    form.settle()
    keyboard.press("Enter")
    expect(step(form)).to_contain_text("Streams and fields")

    tab_to(form, "Select accounts")
    keyboard.press("Enter")
    expect(form.root.get_by_role("grid", name="Fields")).to_be_visible()
    tab_to(form, "Search fields")
    keyboard.type("cc_emails")
    tab_to(form, "Select cc_emails")
    keyboard.press("Space")
    expect(Picker(form).summary).to_contain_text("2 changes")
    tab_to(form, "Apply")
    keyboard.press("Enter")
    expect(form.root.get_by_text("Saved 2 changes.")).to_be_visible()
    tab_to(form, "Continue")
    keyboard.press("Enter")
    expect(step(form)).to_contain_text("Schedule")
    tab_to(form, "Continue")
    keyboard.press("Enter")
    expect(step(form)).to_contain_text("Run")
    tab_to(form, "Start job")
    keyboard.press("Space")
    expect(form.root.get_by_text("Job finished: 1 of 1 streams loaded")).to_be_visible()
    tab_to(form, "Preview data")
    keyboard.press("Enter")
    expect(form.root.get_by_text("461 rows in 1 table of schema recurly.")).to_be_visible()


def test_a_failing_check_is_told_and_mended(begin: Begin) -> None:
    form = begin()
    choose_recurly(form)
    create(form, **{"API key": "bad-key"})
    alert = form.root.get_by_role("alert").filter(has_text="HTTP-error-code: 401")
    expect(alert).to_be_visible()
    expect(step(form)).to_contain_text("Check and discovery (failed)")
    button(form, "Edit settings").click()
    key = form.field("API key")
    expect(key).to_have_attribute("placeholder", "Saved. Leave blank to keep.")
    expect(form.field("Subdomain")).to_have_value("acme")
    key.fill("a-key")
    form.settle()
    button(form, "Save changes").click()
    expect(step(form)).to_contain_text("Streams and fields")


def test_the_notebook_is_usable_while_a_check_runs(begin: Begin) -> None:
    form = begin(GATED_CHECKS)
    choose_recurly(form)
    create(form)
    expect(form.root.locator("progress")).to_be_visible()
    assert form.run("print(wizard.step, 6 * 7)") == "discover_schema 42\n"
    expect(form.root.locator("progress")).to_be_visible()
    form.notebook.execute("checks.gate.open()")
    expect(step(form)).to_contain_text("Streams and fields")


def test_what_goes_on_is_drawn_once_and_not_anew_at_each_look(begin: Begin) -> None:
    form = begin(GATED_CHECKS)
    choose_recurly(form)
    create(form)
    expect(form.root.get_by_role("status").filter(has_text="Connecting")).to_be_visible()
    bar = form.root.locator("progress")
    bar.evaluate("bar => { bar.dataset.seen = 'yes'; }")
    seen = "sum('last-connection-check' in one.path for one in sandbox.journal)"
    before = int(form.notebook.execute(f"print({seen})"))
    form.expect_printed(f"print({seen} >= {before + 3})", "True\n")
    expect(bar).to_have_attribute("aria-label", "Connecting and discovering streams")
    expect(bar).to_have_attribute("data-seen", "yes")


def test_looking_again_by_keyboard_keeps_the_focus_in_the_step(begin: Begin) -> None:
    form = begin()
    choose_recurly(form)
    create(form, **{"API key": "bad-key"})
    again = button(form, "Check again")
    expect(again).to_be_visible()
    form.run(
        "from gates import Gate\n"
        "gate, checks = Gate(), client.connection_checks\n"
        "checks.last = gate.before(checks.last)"
    )
    again.focus()
    form.page.keyboard.press("Enter")
    expect(form.root.locator("progress")).to_be_visible()
    expect(form.root.get_by_role("region", name="Connection check")).to_be_focused()
    form.notebook.execute("gate.open()")
    expect(again).to_be_visible()
    tab_to(form, "Check again", most=3)


def test_a_key_that_is_held_down_starts_a_job_and_does_not_stop_it(begin: Begin) -> None:
    form = begin(GATED_ROWS)
    button(form, "Start job").press("Enter")
    expect(button(form, "Stop")).to_be_visible()
    expect(form.root.get_by_role("region", name="Replication job")).to_be_focused()
    form.page.keyboard.press("Enter")
    form.settle()
    form.notebook.execute("rows.gate.open()")
    expect(form.root.get_by_text("Job finished")).to_be_visible()


def test_another_table_is_chosen_by_keyboard_and_the_choice_keeps_the_focus(begin: Begin) -> None:
    form = begin(RUNNABLE)
    button(form, "Start job").click()
    button(form, "Preview data").click()
    tables = form.field("Table")
    tables.focus()
    form.page.keyboard.press("ArrowDown")
    expect(form.root.get_by_role("table", name="First rows of recurly.plans")).to_be_visible()
    expect(tables).to_be_focused()
    form.page.keyboard.press("ArrowUp")
    expect(form.root.get_by_role("table", name="First rows of recurly.accounts")).to_be_visible()
    expect(tables).to_be_focused()


def test_two_views_of_one_wizard_show_the_same(begin: Begin) -> None:
    form = begin()
    form.run("display(wizard)")
    form.notebook.wait_for_widgets()
    other = Form(form.notebook, form.notebook.output(2))
    choose_recurly(other)
    expect(form.field("API key")).to_be_visible()
    create(form)
    for view in (form, other):
        expect(step(view)).to_contain_text("Streams and fields")
        expect(view.root.get_by_role("grid", name="Streams")).to_be_visible()


def test_a_wizard_goes_on_after_the_kernel_was_restarted(begin: Begin, tmp_path: Path) -> None:
    form = begin(path=str(tmp_path / "acme.sandbox"))
    choose_recurly(form)
    create(form)
    expect(step(form)).to_contain_text("Streams and fields")
    assert form.run("sandbox.close()\nprint(wizard.source.id)") == "233312\n"

    form.notebook.restart_kernel()
    setup = SETUP.format(path=str(tmp_path / "acme.sandbox"))
    form.run(f"{setup}\nwizard = stitchnb.SourceWizard(client, source=233312)\ndisplay(wizard)")
    form.notebook.wait_for_widgets()
    again = Form(form.notebook, form.notebook.output(2))
    expect(step(again)).to_contain_text("Streams and fields")
    expect(again.root.locator("header code")).to_have_text("source 233312")
    button(again, "Continue").click()
    expect(again.root.get_by_role("alert").filter(has_text="Select at least one stream")).to_be_visible()


def test_what_was_pressed_after_the_kernel_was_restarted_is_not_lost_in_silence(begin: Begin) -> None:
    form = begin()
    form.notebook.restart_kernel()
    form.field("Search").fill("recurly")
    form.page.keyboard.press("Enter")
    expect(form.root.get_by_text("The kernel was restarted. Re-run this cell")).to_be_visible()


def test_where_one_is_and_what_is_done_is_told_apart(begin: Begin) -> None:
    form = begin(RUNNABLE)
    form.run("client.sources.get(233312).start_job().wait(show_progress=False)")
    steps = form.root.locator("ol.sn-steps > li")
    brand = step(form).evaluate("item => getComputedStyle(item).color")
    steps.get_by_role("button", name="Streams and fields").click()
    expect(step(form)).to_have_text("✓Streams and fields (done)")
    expect(step(form)).to_have_css("color", brand)
    run = steps.filter(has_text="Run")
    expect(run).to_contain_text("Run (to do)")
    assert run.evaluate("item => getComputedStyle(item).color") != brand

    steps.get_by_role("button", name="Rows").click()
    expect(form.root.get_by_role("table")).to_be_visible()
    expect(step(form)).to_have_text("✓Rows (done)")
    expect(step(form)).to_have_css("color", brand)
    expect(run).to_have_text("✓Run (done)")
    assert run.evaluate("item => getComputedStyle(item).color") != brand


def test_a_table_of_rows_that_is_too_wide_scrolls_by_itself_and_breaks_no_value(begin: Begin) -> None:
    form = begin(ORDERS, width=800)
    form.run("client.sources.get(233312).start_job().wait(show_progress=False)")
    form.root.get_by_role("button", name="Rows").click()
    box = form.root.get_by_role("region", name="First rows of shop.orders")
    expect(box.get_by_role("columnheader", name="order_number")).to_be_visible()
    lines = box.locator("th, td").evaluate_all(
        "cells => cells.map(cell => { const r = document.createRange(); r.selectNodeContents(cell);"
        " return new Set([...r.getClientRects()].map(one => one.top)).size; })"
    )
    assert set(lines) <= {0, 1}
    form.page.set_viewport_size({"width": 600, "height": 900})
    form.page.wait_for_function("box => box.scrollWidth > box.clientWidth", arg=box.element_handle())
    box.focus()
    form.page.keyboard.press("ArrowRight")
    expect(box).to_be_focused()
    form.page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
    (wide,) = form.notebook.sideways_overflow("application/vnd.jupyter.widget-view+json")
    assert wide.startswith("div.sn-table-box")


@pytest.mark.parametrize(("words", "title"), [("PostgreSQL", "HP Postgres"), ("Facebook Ads", "Facebook")])
def test_a_type_is_found_by_what_its_product_is_called(begin: Begin, words: str, title: str) -> None:
    form = begin()
    form.field("Search").fill(words)
    expect(form.root.locator("ul.sn-tiles > li:visible").get_by_text(title, exact=True)).to_be_visible()


def test_the_gallery_searches_and_filters_without_the_kernel(begin: Begin) -> None:
    form = begin()
    tiles = form.root.locator("ul.sn-tiles > li:visible")
    everything = tiles.count()
    assert form.run("import time; del client, wizard; print('gone')") == "gone\n"
    button(form, "Database").click()
    expect(button(form, "Database")).to_have_attribute("aria-pressed", "true")
    assert 0 < tiles.count() < everything
    button(form, "All").click()
    form.field("Search").fill("zendesk")
    # Zendesk, and Zopim, which others know as Zendesk Chat.
    expect(tiles.get_by_text("Deprecated. New sources can't be created.")).to_have_count(2)
    form.field("Search").fill("no such thing")
    expect(form.root.get_by_text("No source types match.")).to_be_visible()
    form.field("Search").fill("")
    assert tiles.count() == everything


def test_a_deprecated_type_leads_to_its_successor(begin: Begin) -> None:
    form = begin()
    form.field("Search").fill("pardot")
    form.root.get_by_role("button", name="Use Pardot (platform.pardot) instead of pardot").click()
    expect(form.root.locator("header code")).to_have_text("platform.pardot")


def test_every_step_is_readable_in_both_themes_and_at_two_widths(begin: Begin) -> None:
    form = begin(width=800)

    def look(name: str) -> None:
        for theme, width in form.notebook.looks():
            expect_accessible(form.root.locator(".sn-wizard"))
            assert form.notebook.sideways_overflow("application/vnd.jupyter.widget-view+json") == []
            form.notebook.screenshot(f"wizard-{name}-{theme}-{width}", of=form.root)

    # Only what is in view is judged, so that the tiles must not be scrolled away.
    form.root.locator("ul.sn-tiles").evaluate("list => { list.style.maxHeight = 'none'; }")
    look("gallery")
    choose_recurly(form)
    look("form")
    create(form, **{"API key": "bad-key"})
    expect(button(form, "Edit settings")).to_be_visible()
    look("check-failed")
    button(form, "Edit settings").click()
    form.field("API key").fill("a-key")
    form.settle()
    button(form, "Save changes").click()
    expect(step(form)).to_contain_text("Streams and fields")
    look("fields")
    select_accounts(form)
    expect(step(form)).to_contain_text("Schedule")
    expect(form.root.locator(".sn-times tbody tr").first).to_be_visible()
    look("schedule")
    button(form, "Continue").click()
    button(form, "Start job").click()
    expect(form.root.get_by_text("Job finished")).to_be_visible()
    look("run")
    button(form, "Preview data").click()
    expect(form.root.get_by_text("461 rows")).to_be_visible()
    look("rows")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 800)])
def test_what_was_left_unsaved_is_there_again_and_the_stepper_says_so(begin: Begin, theme: str, width: int) -> None:
    form = begin(width=width)
    form.notebook.set_theme(theme)
    steps = form.root.locator("ol.sn-steps")
    choose_recurly(form)
    for label, text in GOOD.items():
        form.field(label).fill(text)
    form.settle()
    steps.get_by_role("button", name="Source type").click()
    expect(steps.get_by_role("listitem").filter(has_text="Form")).to_contain_text("not saved yet")
    steps.get_by_role("button", name="Form").click()
    expect(form.field("Subdomain")).to_have_value("acme")
    expect(form.field("API key")).to_have_value("")
    expect(form.field("API key")).to_have_attribute("placeholder", "given")
    expect(step(form)).to_contain_text("not saved yet")
    expect(form.root.get_by_text("They are not saved yet.")).to_be_visible()
    expect_accessible(form.root.locator(".sn-wizard"))
    form.notebook.screenshot(f"wizard-draft-{theme}-{width}", of=form.root)
    button(form, "Create source").click()
    expect(step(form)).to_contain_text("Streams and fields")

    Picker(form).box("plans").check()
    expect(Picker(form).summary).to_contain_text("1 change")
    steps.get_by_role("button", name="Form").click()
    expect(form.field("Subdomain")).to_have_value("acme")
    steps.get_by_role("button", name="Streams and fields").click()
    expect(Picker(form).box("plans")).to_be_checked()
    expect(step(form)).to_contain_text("not saved yet")
    Picker(form).button("Discard").click()
    expect(step(form)).not_to_contain_text("not saved yet")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 800)])
def test_the_authorization_step_is_readable(begin: Begin, theme: str, width: int) -> None:
    form = begin(
        "wizard = stitchnb.SourceWizard(client, 'platform.google-ads')\n"
        "wizard.form['customer_ids'].value = '1'\n"
        "wizard.form['login_customer_ids'].value = [{'customerId': '1', 'loginCustomerId': '2'}]\n"
        "wizard.form.submit()\nwizard",
        width=width,
    )
    form.notebook.set_theme(theme)
    expect(step(form)).to_contain_text("Authorization")
    expect_accessible(form.root.locator(".sn-wizard"))
    form.notebook.screenshot(f"wizard-oauth-{theme}-{width}", of=form.root)
    button(form, "Authorize").click()
    expect(step(form)).to_contain_text("Streams and fields")
