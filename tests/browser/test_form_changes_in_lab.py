"""Forms in JupyterLab that change what is there: what is locked, what is kept, and a failed check that is repaired."""

from collections.abc import Callable

from form_views import Form
from playwright.sync_api import expect

NO_CHANGE = "Saved. Leave blank to keep."

FAILED = """
import stitchnb
client = stitchnb.connect(pace_s=0, quiet=True)
given = {"start_date": "2024-01-31T00:00:00Z", "api_key": "bad-key", "quota_limit": "30", "subdomain": "acme"}
source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
try:
    client.connection_checks.wait(source.id, show_progress=False)
except CheckFailedError as error:
    refusal = str(error)
form = SourceForm(client, source=source.id)
form
"""
LOCKED = """
import stitchnb
client = stitchnb.connect(pace_s=0, quiet=True)
given = {"host": "db.example.com", "port": "5432", "user": "ann", "password": "p-4711", "dbname": "shop"}
fixed = {"include_schemas_in_destination_stream_name": "true"}
source = client.sources.create("platform.hp-postgres", display_name="Shop", properties={**given, **fixed})
form = SourceForm(client, source=source.id)
form
"""


def test_a_source_is_changed_and_only_the_change_is_sent(show: Callable[..., Form]) -> None:
    form = show("form = SourceForm(account, source=233312)\nform")
    button = form.root.get_by_role("button", name="Save changes")
    expect(button).to_be_disabled()
    expect(form.root.get_by_text("No changes yet.")).to_be_visible()
    expect(form.field("Subdomain")).to_have_value("acme")
    expect(form.field("API key")).to_have_attribute("placeholder", NO_CHANGE)
    form.field("Subdomain").fill("acme2")
    expect(form.root.get_by_text("1 change:")).to_be_visible()
    button.click()
    expect(form.root.get_by_role("alert")).to_have_text("Saved Subdomain.")
    expect(form.root.get_by_text("No changes yet.")).to_be_visible()
    form.expect_printed("print(account.updated)", "[{'id': 233312, 'properties': {'subdomain': 'acme2'}}]\n")


def test_the_credential_of_a_failed_check_is_mended_by_keyboard_and_the_next_check_succeeds(
    show: Callable[..., Form],
) -> None:
    form = show(FAILED)
    assert "does not accept the credentials" in form.run("print(refusal)")
    form.notebook.output(1)
    expect(form.field("API key")).to_have_value("")
    expect(form.field("API key")).to_have_attribute("placeholder", NO_CHANGE)
    expect(form.root.locator("[aria-current=step]")).to_contain_text("Check and discovery")
    form.field("API key").focus()
    form.page.keyboard.type("key-4711")
    expect(form.root.get_by_role("link", name="API key")).to_be_visible()
    form.settle()
    form.page.keyboard.press("Enter")
    expect(form.root.get_by_role("alert")).to_have_text("Saved API key.")
    expect(form.field("API key")).to_have_value("")
    expect(form.field("API key")).to_have_attribute("placeholder", NO_CHANGE)
    seen = "client.connection_checks.wait(source.id, show_progress=False).status, client.sources.get(source.id).state"
    form.expect_printed(f"print({seen})", "succeeded field_selection\n")
    assert "key-4711" not in form.page.content()


def test_what_was_fixed_at_creation_is_locked_and_says_so(show: Callable[..., Form]) -> None:
    form = show(LOCKED)
    fixed = form.field("Include schemas in destination stream name")
    expect(fixed).to_be_disabled()
    expect(fixed).to_have_value("true")
    expect(fixed).to_have_accessible_description("This can't be changed. It was set when this was created.")
    expect(form.field("Host")).to_be_enabled()
    expect(form.field("Password")).to_have_attribute("placeholder", NO_CHANGE)
    form.field("Password").fill("p-0815")
    form.field("Password").fill("")
    form.settle()
    expect(form.root.get_by_text("No changes yet.")).to_be_visible()
    form.field("Host").fill("db2.example.com")
    form.settle()
    form.expect_printed("print(form.changes)", "{'host': 'db2.example.com'}\n")


def test_before_creation_what_will_be_fixed_is_marked(show: Callable[..., Form]) -> None:
    form = show('import stitchnb\nSourceForm(stitchnb.connect(pace_s=0, quiet=True), "platform.hp-postgres")')
    fixed = form.field("Include schemas in destination stream name")
    expect(fixed).to_be_enabled()
    expect(form.row("include_schemas_in_destination_stream_name")).to_contain_text("Cannot be changed later.")
