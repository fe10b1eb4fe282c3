"""A form in JupyterLab, filled in by hand."""

from collections.abc import Callable

from form_views import FORM, SECRET, Form, fill_in
from playwright.sync_api import expect


def test_a_source_is_created_by_keyboard_alone(show: Callable[..., Form]) -> None:
    form = show(FORM)
    keyboard = form.page.keyboard
    form.field("Display name").focus()
    keyboard.type("Recurly")
    for label, text in (("API key", SECRET), ("Subdomain", "acme"), ("Quota limit", "30")):
        # A native date has a stop for each of its parts.
        for _ in range(8):
            keyboard.press("Tab")
            if form.field(label).evaluate("e => e === document.activeElement"):
                break
        keyboard.type(text)
    form.settle()
    expect(form.root.get_by_role("button", name="Create source")).to_be_enabled()
    keyboard.press("Enter")
    form.settle()
    expect(form.root.get_by_role("alert")).to_have_text(
        "Created source 233312: Recurly, schema recurly in the destination."
    )
    form.expect_printed(
        "print(form.source.id, account.created[0]['properties']['quota_limit'], len(account.created))", "233312 30 1\n"
    )


def test_every_field_is_reached_in_the_order_of_the_page_and_has_its_name(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.field("Display name").focus()
    seen = ["display_name"]
    for _ in range(30):
        form.page.keyboard.press("Tab")
        name = form.page.evaluate(
            "() => (e => e.type === 'radio' ? e.value : e.name || e.textContent)(document.activeElement)"
        )
        if name != seen[-1]:
            seen.append(name)
        outline = form.page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", f"{name} does not show that it has the focus"
        if name == "Create source":
            break
    assert seen == [
        *("display_name", "start_date", "api_key", "subdomain", "quota_limit"),
        *("interval", "frequency_in_minutes"),
        *("Display name", "API key", "Subdomain", "Quota limit", "Copy as Python", "Copy as curl", "Create source"),
    ]


def test_errors_come_and_go_as_one_types_and_the_caret_stays(show: Callable[..., Form]) -> None:
    form = show(FORM)
    quota = form.field("Quota limit")
    expect(form.error("quota_limit")).to_have_text("")
    quota.press_sequentially("thirty")
    expect(form.error("quota_limit")).to_have_text("Expected a whole number, such as 30.")
    expect(quota).to_have_attribute("aria-invalid", "true")
    expect(quota).to_have_accessible_description("Expected a whole number, such as 30.")
    expect(form.root.get_by_text("1 problem to fix:")).to_be_visible()
    expect(form.error("subdomain")).to_have_text("")

    quota.fill("30")
    form.settle()
    quota.evaluate("e => e.setSelectionRange(1, 1)")
    quota.press_sequentially("55")
    form.settle()
    expect(quota).to_have_value("3550")
    assert quota.evaluate("e => [e.selectionStart, e === document.activeElement]") == [3, True]
    expect(form.error("quota_limit")).to_have_text("")
    expect(quota).not_to_have_attribute("aria-invalid", "true")


def test_a_field_that_is_left_blank_says_what_it_needs(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.field("Subdomain").focus()
    form.page.keyboard.press("Tab")
    expect(form.error("subdomain")).to_have_text("Required: any text.")
    expect(form.error("api_key")).to_have_text("")


def test_the_button_is_off_until_all_is_well_and_pressing_it_before_says_why(show: Callable[..., Form]) -> None:
    form = show(FORM)
    button = form.root.get_by_role("button", name="Create source")
    expect(button).to_be_disabled()
    button.click(force=True)
    expect(form.error("display_name")).to_have_text("Required: a name, such as Recurly.")
    expect(form.field("Display name")).to_be_focused()
    form.root.get_by_role("link", name="Quota limit").click()
    expect(form.field("Quota limit")).to_be_focused()
    fill_in(form)
    expect(button).to_be_enabled()
    expect(form.root.get_by_text("Ready to create.")).to_be_visible()
    form.expect_printed("print(account.created)", "[]\n")


def test_a_refusal_stands_on_its_field_until_the_value_changes(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.run(
        "account.refusal = InvalidPropertiesError('no', bad_properties=['subdomain'], status_code=400, "
        "method='POST', path='/v4/sources')"
    )
    form.root.get_by_role("button", name="Create source").click()
    expect(form.error("subdomain")).to_have_text("Stitch does not accept this value.")
    expect(form.root.get_by_role("alert")).to_have_text("Not accepted: Subdomain.")
    expect(form.field("Subdomain")).to_be_focused()
    expect(form.field("API key")).to_have_value(SECRET)
    form.field("Subdomain").press_sequentially("2")
    expect(form.error("subdomain")).to_have_text("")
    form.run("account.refusal = None")
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert")).to_contain_text("Created source 233312")


def test_a_double_click_creates_one_source(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.run("from gates import wait_for\naccount.during = lambda: wait_for('go')")
    form.root.get_by_role("button", name="Create source").dblclick()
    form.notebook.release("go")
    expect(form.root.get_by_role("alert")).to_contain_text("Created source")
    form.expect_printed("print(len(account.created))", "1\n")
    expect(form.field("Subdomain")).to_be_disabled()
    expect(form.field("API key")).to_have_value("")


def test_what_is_typed_while_the_form_is_sent_is_not_lost(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.run(
        "from gates import wait_for\naccount.during = lambda: wait_for('go')\n"
        "account.refusal = NameTakenError('non-unique name (Recurly)', status_code=400, method='POST', path='/')"
    )
    form.root.get_by_role("button", name="Create source").click()
    form.field("Subdomain").fill("other")
    form.notebook.release("go")
    form.settle()
    expect(form.error("display_name")).to_contain_text("Stitch refused this name")
    expect(form.field("Subdomain")).to_have_value("other")
    form.expect_printed("print(form['subdomain'].value)", "other\n")


def test_what_code_sets_is_seen_at_once(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.run("form['subdomain'].value = 'acme'; form['start_date'].value = '2018-01-10T00:00:00Z'")
    expect(form.field("Subdomain")).to_have_value("acme")
    expect(form.field("Start date")).to_have_value("2018-01-10")
    form.field("Start date").fill("2019-02-03")
    form.field("Interval starting at a set time").check()
    form.field("Anchor time").fill("2024-01-31T13:00")
    form.field("Replicate").select_option("every 30 minutes (30)")
    form.settle()
    assert form.run(
        "print(form['start_date'].value, form['anchor_time'].value, form['frequency_in_minutes'].value)"
    ) == ("2019-02-03T00:00:00Z 2024-01-31T13:00:00Z 30\n")
    form.run("form['start_date'].value = 'soon'")
    expect(form.field("Start date")).to_have_value("soon")
    expect(form.error("start_date")).to_contain_text("Expected a date at midnight UTC")


def test_keys_that_are_meant_for_the_form_do_nothing_to_the_notebook(show: Callable[..., Form]) -> None:
    form = show(FORM)
    before = form.notebook.cells()
    form.field("Replicate").focus()
    for place in (
        form.field("Replicate"),
        form.field("Start date"),
        form.root.get_by_role("link", name="Subdomain"),
        form.root.get_by_role("button", name="Create source"),
    ):
        place.focus()
        for key in ("a", "b", "d", "d", "x", "j"):
            place.press(key)
        expect(place).to_be_focused()
    form.settle()
    assert form.notebook.cells() == before
