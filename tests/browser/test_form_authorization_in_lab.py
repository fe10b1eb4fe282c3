"""What a person grants in a browser, seen in JupyterLab: explained, linked to, pasted, and gone on with later."""

from collections.abc import Callable

from accessibility import expect_accessible
from form_views import ACCOUNT, Form
from playwright.sync_api import expect

CREATE = f"""{ACCOUNT}
given = {{"customer_ids": "1", "login_customer_ids": [{{"customerId": "1"}}]}}
form = SourceForm(client, "platform.google-ads", values=given)
form
"""
WAITING = """
account.base_url, account.card = "https://api.stitchdata.com", card(prop("site", TEXT), later=["oauth"])
waiting = existing(account.card, stitch_client_id=136715).to_dict()
waiting["report_card"] |= {"current_step": 2, "current_step_type": "oauth"}
form = SourceForm(account, source=Source(waiting))
form
"""


def test_a_source_that_must_be_authorized_is_created_with_a_client_of_ones_own_and_says_how_to_go_on(
    show: Callable[..., Form],
) -> None:
    form = show(CREATE)
    expect(form.root.get_by_text("requires you to sign in")).to_be_visible()
    expect(form.field("OAuth client secret")).to_be_hidden()
    form.field("Use my own OAuth app").press("Space")
    form.field("OAuth client secret").fill("s-4711")
    form.settle()
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert")).to_contain_text("Next, open the source in Stitch")
    after = form.root.get_by_label("What is next")
    grant, resume = after.locator("pre").all_text_contents()
    number = form.run("print(form.source.id)").strip()
    assert resume == f"import stitchnb\n\nstitchnb.SourceWizard(client, source={number})"
    expect_accessible(form.root.locator(".stitchnb"))
    form.notebook.screenshot("form-authorization", of=form.root.locator(".stitchnb"), whole=True)
    form.expect_printed("print(client.sources.get(form.source.id).state)", "oauth\n")
    assert form.run(f"{grant}\nclient.sandbox.wait_idle()\nprint(client.sources.get(form.source.id).state)") == (
        "field_selection\n"
    )


def test_the_code_to_go_on_with_is_copied_by_keyboard(show: Callable[..., Form]) -> None:
    form = show(CREATE)
    form.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    form.root.get_by_role("button", name="Create source").click()
    after = form.root.get_by_label("What is next")
    after.get_by_role("button", name="Copy: Resume setup later").press("Enter")
    expect(after.get_by_text("Copied.")).to_be_visible()
    copied = form.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == after.locator("pre").last.text_content()


def test_of_a_real_account_a_link_leads_to_the_source_in_the_app(show: Callable[..., Form]) -> None:
    form = show(WAITING)
    link = form.root.get_by_role("link", name="Open in Stitch and authorize")
    page = "https://app.stitchdata.com/client/136715/pipeline/v2/sources/233312/summary"
    expect(link).to_have_attribute("href", page)
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    expect(form.root.get_by_label("What is next").locator("pre")).to_contain_text("stitchnb.connect()")
    expect_accessible(form.root.locator(".stitchnb"))
