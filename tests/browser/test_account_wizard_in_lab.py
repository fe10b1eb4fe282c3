"""An account's table and the wizard that it opens, in JupyterLab: one goes in, changes something and comes back."""

from collections.abc import Callable

from accessibility import expect_accessible
from form_views import Form
from playwright.sync_api import Locator, expect

CELL = """
import stitchnb
client = stitchnb.Sandbox(pace_s=0, clock="2026-03-20T16:00:00Z").client()
given = {"api_key": "bad-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
wrong = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
while wrong.check().status == "running":
    pass
client.sources.create("import_api", display_name="Pushed").pause()
browser = stitchnb.AccountBrowser(client)
browser
"""

Show = Callable[..., Form]


def button(form: Form, name: str) -> Locator:
    return form.root.get_by_role("button", name=name, exact=True)


def step(form: Form) -> Locator:
    return form.root.locator('ol.sn-steps [aria-current="step"]')


def test_a_source_is_mended_in_its_wizard_and_the_table_knows_it(show: Show) -> None:
    form = show(CELL)
    row = form.root.get_by_role("row").filter(has_text="Recurly")
    expect(row.get_by_text("check failed")).to_be_visible()
    button(form, "Open Recurly").press("Enter")
    back = button(form, "Back to all sources")
    expect(back).to_be_focused()
    expect(form.root.get_by_role("table", name="Sources")).to_be_hidden()
    expect(step(form)).to_contain_text("Check and discovery (failed)")
    expect(form.root.locator(".sn-wizard header code")).to_have_text("source 233312")
    button(form, "Edit settings").click()
    form.field("API key").fill("a-key")
    form.settle()
    button(form, "Save changes").click()
    expect(step(form)).to_contain_text("Streams and fields")

    back.press("Enter")
    expect(button(form, "Open Recurly")).to_be_focused()
    expect(row.get_by_text("field selection")).to_be_visible()
    expect(form.root.locator(".sn-wizard")).to_have_count(0)


def test_a_new_source_is_made_in_the_wizard_and_the_table_has_it(show: Show) -> None:
    form = show(CELL)
    button(form, "New source").press("Enter")
    expect(step(form)).to_contain_text("Source type")
    form.field("Search").last.fill("import")
    form.page.keyboard.press("Enter")
    form.field("Display name").fill("Events")
    form.settle()
    button(form, "Create source").click()
    expect(form.root.get_by_text("Rows are pushed to this source. It has no jobs.")).to_be_visible()
    button(form, "Back to all sources").press("Enter")
    expect(button(form, "New source")).to_be_focused()
    expect(button(form, "Open Events")).to_be_visible()


def test_one_goes_back_while_a_check_runs(show: Show) -> None:
    form = show(CELL.replace("bad-key", "a-key"))
    form.run(
        "from gates import GatedChecks\n"
        "checks = client.sandbox.connectors['platform.recurly'] = GatedChecks('platform.recurly')"
    )
    button(form, "Open Recurly").click()
    button(form, "Form (done)").click()
    form.field("Subdomain").fill("other")
    form.settle()
    button(form, "Save changes").click()
    expect(form.root.locator("progress")).to_be_visible()
    button(form, "Back to all sources").press("Enter")
    expect(button(form, "Open Recurly")).to_be_focused()
    watchers = "import threading\nprint([t for t in threading.enumerate() if t.name == 'stitchnb-watch'])"
    # Nobody looks at the check any more, which still goes on.
    form.expect_printed(watchers, "[]\n")
    assert form.run("print(client.connection_checks.last(233312).status)") == "running\n"


def test_table_and_wizard_are_one_thing_to_look_at(show: Show) -> None:
    form = show(CELL)
    button(form, "Open Pushed").click()
    expect(form.root.get_by_text("This source is paused. Rows that are pushed to it are refused.")).to_be_visible()
    expect(form.root.get_by_text("No table of schema pushed is in the warehouse yet.")).to_be_visible()
    for theme, width in form.notebook.looks():
        expect_accessible(form.root.locator(".sn-wizard"))
        assert form.notebook.sideways_overflow("application/vnd.jupyter.widget-view+json") == []
        form.notebook.screenshot(f"account-wizard-{theme}-{width}", of=form.root)
