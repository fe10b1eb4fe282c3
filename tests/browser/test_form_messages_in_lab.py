"""What a form in JupyterLab and its kernel say to each other, and what they never say."""

from collections.abc import Callable

from form_views import FORM, SECRET, Form, fill_in
from playwright.sync_api import expect


def test_a_credential_leaves_in_one_message_and_is_found_nowhere_else(show: Callable[..., Form]) -> None:
    form = show(FORM, "form")
    form.notebook.clear_messages()
    fill_in(form)
    with_secret = [message for message in form.notebook.messages().sent if SECRET in message]
    assert len(with_secret) == 1
    assert '"custom"' in with_secret[0]
    assert '"input"' in with_secret[0]

    second = Form(form.notebook, form.notebook.output(2))
    expect(second.field("Subdomain")).to_have_value("acme")
    expect(second.field("API key")).to_have_value("")
    expect(second.field("API key")).to_have_attribute("placeholder", "given")
    form.notebook.output(1)
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert")).to_contain_text("Created source")
    form.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    form.settle()
    received = form.notebook.messages().received
    assert len(received) > 10
    assert [message for message in received if SECRET in message] == []
    assert SECRET not in form.page.content()
    assert SECRET not in form.notebook.file.read_text()


def test_a_keystroke_is_one_message_up_and_one_down(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.field("Quota limit").focus()
    form.settle()
    form.notebook.clear_messages()
    form.field("Quota limit").press_sequentially("thirty")
    # The end of a cell's run comes by the same way as the answers, and after them.
    form.run("print()")
    # Running the cell takes the focus away, which the form may tell as well.
    messages = form.notebook.messages()
    sent = [message for message in messages.sent if "comm_msg" in message and '"type":"left"' not in message]
    assert len(sent) == 6
    assert len([message for message in messages.received if "comm_msg" in message and '"patch"' in message]) == 6


def test_a_form_whose_kernel_was_started_anew_says_so(show: Callable[..., Form]) -> None:
    form = show(FORM)
    silent = form.root.get_by_text("The kernel was restarted. Re-run this cell")
    form.field("Subdomain").fill("acme")
    form.settle()
    form.notebook.restart_kernel()
    expect(silent).to_be_hidden()
    form.field("Subdomain").fill("other")
    expect(silent).to_be_visible()


def test_a_source_that_was_created_by_enter_is_said_in_sight_and_has_the_focus(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.field("Display name").press("Enter")
    alert = form.root.get_by_role("alert").filter(has_text="Created source")
    expect(alert).to_be_focused()
    expect(alert).to_be_in_viewport()


def test_a_source_that_was_created_by_its_button_leaves_the_focus_in_the_form(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.root.get_by_role("button", name="Create source").press("Enter")
    expect(form.root.get_by_role("alert").filter(has_text="Created source")).to_be_focused()


def test_a_change_that_was_saved_is_said_in_sight_and_the_focus_stays(show: Callable[..., Form]) -> None:
    form = show("form = SourceForm(account, source=233312)\nform")
    form.page.set_viewport_size({"width": 1280, "height": 500})
    name = form.field("Display name")
    name.fill("Other")
    form.settle()
    name.press("Enter")
    expect(form.root.get_by_role("alert").filter(has_text="Saved Display name.")).to_be_in_viewport()
    expect(name).to_be_focused()


def test_a_form_that_was_refused_does_not_say_that_all_is_well(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    expect(form.root.get_by_text("Ready to create.")).to_be_visible()
    form.run("account.refusal = TransportError('It was not sent: this client was closed.')")
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert").filter(has_text="was not sent")).to_be_visible()
    expect(form.root.get_by_text("Ready to create.")).to_have_count(0)


def test_a_form_is_copied_as_code_without_its_credentials(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    fill_in(form)
    for language in ("Python", "curl"):
        form.root.get_by_role("button", name=f"Copy as {language}").click()
        sheet = form.root.get_by_label("The form as code")
        expect(sheet.get_by_role("status")).to_have_text("Copied.")
        expect(sheet.locator("b")).to_have_text(language)
        copied = form.page.evaluate("() => navigator.clipboard.readText()")
        assert copied == sheet.locator("pre").text_content()
        assert "RECURLY_API_KEY" in copied
        assert SECRET not in copied
    sheet.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()
