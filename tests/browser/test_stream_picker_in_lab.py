"""A stream picker in JupyterLab: chosen from by keyboard and mouse, few streams or thousands."""

import re
from collections.abc import Callable

import pytest
from accessibility import expect_accessible
from form_views import Form
from picker_views import ADS, DATABASE, LARGE, RECURLY, SALESFORCE, Picker
from playwright.sync_api import expect

Show = Callable[..., Form]

REPORT = "campaign_performance_report"
VIEW = "customer_view"


def test_streams_and_fields_are_chosen_and_applied_by_keyboard_alone(show: Show) -> None:
    picker = Picker(show(RECURLY))
    cells = picker.form.notebook.cells()
    picker.root.get_by_label("Search streams").focus()
    # Two lists to filter by, and the box of all streams, are before the first stream.
    for _ in range(4):
        picker.keys.press("Tab")
    picker.expect_focus("Select accounts")
    for _ in range(4):
        picker.keys.press("ArrowDown")
    picker.expect_focus("Select plans")
    picker.keys.press("Space")
    expect(picker.box("plans")).to_be_checked()
    picker.keys.press("Home")
    picker.keys.press("Enter")
    expect(picker.fields).to_be_visible()
    expect(picker.streams.get_by_role("row", selected=True)).to_contain_text("accounts")
    picker.expect_focus("Select accounts")
    picker.keys.press("Tab")
    expect(picker.root.get_by_label("Search fields")).to_be_focused()
    picker.keys.type("cc_emails")
    for _ in range(5):
        picker.keys.press("Tab")
    picker.expect_focus("Select cc_emails")
    picker.keys.press("Space")
    expect(picker.row("cc_emails")).to_contain_text("selectednew")
    expect(picker.summary).to_have_text("3 changes: + accounts, + accounts.cc_emails, + plans")
    picker.expect_focus("Select cc_emails")
    for _ in range(3):
        picker.keys.press("Tab")
    expect(picker.button("Apply")).to_be_focused()
    picker.keys.press("Enter")
    expect(picker.root.get_by_text("Saved 3 changes.")).to_be_visible()
    expect(picker.button("Apply")).to_be_focused()
    expect(picker.summary).to_have_text("No changes.")
    told = picker.form.run(
        "again = source.catalog(load=False)\n"
        "print(*(s.stream_name for s in again if s.saved_selected), [f.name for f in again.load('accounts')['accounts']"
        ".fields() if f.saved_selected])"
    )
    assert told == "accounts plans ['cc_emails']\n"
    assert picker.form.notebook.cells()[:-1] == cells[:-1]


def test_a_stream_is_ticked_half_ticked_and_unticked(show: Show) -> None:
    picker = Picker(show(DATABASE))
    row = picker.streams.get_by_role("row").filter(has=picker.page.get_by_role("button", name="orders", exact=True))
    expect(row.get_by_title("Open the stream to load its fields")).to_be_visible()
    picker.open("orders")
    expect(row).to_contain_text("0 / 8")
    box = picker.box("orders")
    expect(box).not_to_be_checked()
    box.click()
    expect(box).to_be_checked(indeterminate=False)
    expect(row).to_contain_text("8 / 8")
    picker.form.run("source.catalog()")
    box.click()
    expect(row).to_contain_text("0 / 8")
    expect(picker.summary).to_have_text("No changes.")
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    picker.box("accounts").click()
    expect(picker.box("accounts")).to_be_checked(indeterminate=True)
    expect(picker.root.get_by_label("Select all streams that are shown")).to_be_checked(indeterminate=True)


def test_locked_fields_are_native_disabled_boxes_that_keys_reach_and_that_say_why(show: Show) -> None:
    picker = Picker(show(SALESFORCE))
    picker.open("Account")
    picker.box("Account").click()
    expect(picker.box("Id")).to_be_disabled()
    expect(picker.box("Id")).to_be_checked()
    expect(picker.row("Id").get_by_title("automatic: primary key")).to_be_visible()
    picker.root.get_by_label("Search fields").fill("BillingAddress")
    row = picker.row("BillingAddress")
    expect(row.get_by_text("unsupported: this field is unsupported by the Bulk API.")).to_be_visible()
    expect(picker.box("BillingAddress")).to_be_disabled()
    expect(picker.box("BillingAddress")).not_to_be_checked()
    row.locator(".sn-field-name").click()
    picker.expect_focus("Select BillingAddress")
    expect(picker.root.locator(".sn-line-below")).to_contain_text("unsupported: this field is unsupported")
    picker.keys.press("Space")
    picker.form.settle()
    expect(picker.summary).to_have_text("1 change: + Account")


def test_searching_and_filtering_sends_nothing_to_the_kernel(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.form.notebook.clear_messages()
    picker.open("accounts")
    picker.box("plans").click()
    picker.form.settle()
    assert picker.form.notebook.messages().sent
    picker.form.notebook.clear_messages()
    search = picker.root.get_by_label("Search streams")
    search.press_sequentially("plan")
    expect(picker.streams.get_by_role("button")).to_have_text(["plans", "plans_add_ons"])
    expect(picker.streams.get_by_text("2 of 10 streams")).to_be_visible()
    search.fill("hosted_login")
    expect(picker.streams.get_by_role("button")).to_have_text(["accounts"])
    search.fill("")
    picker.root.get_by_label("State of streams").select_option("Changed")
    expect(picker.streams.get_by_role("button")).to_have_text(["plans"])
    picker.root.get_by_label("State of streams").select_option("Selected")
    picker.root.get_by_label("Key of streams").select_option("No primary key")
    expect(picker.root.get_by_text("No streams match.")).to_be_visible()
    fields = picker.root.get_by_label("Search fields")
    fields.press_sequentially("date-time")
    expect(picker.box("created_at")).to_be_visible()
    fields.fill("")
    picker.root.get_by_label("Key of fields").select_option("Primary key")
    expect(picker.fields.get_by_role("rowheader")).to_have_text(["id"])
    picker.root.get_by_label("Key of fields").select_option("Any key")
    picker.root.get_by_label("Type of fields").select_option("boolean")
    expect(picker.box("hosted_login_token")).to_have_count(0)
    picker.root.get_by_label("Type of fields").select_option("Any type")
    picker.root.get_by_label("State of fields").select_option("Locked")
    expect(picker.box("code")).to_have_count(0)
    assert picker.form.notebook.messages().sent == []


def test_everything_that_is_shown_is_selected_and_deselected_at_once(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.root.get_by_label("Search streams").fill("plan")
    picker.root.get_by_label("Select all streams that are shown").click()
    expect(picker.summary).to_have_text("2 changes: + plans, + plans_add_ons")
    picker.root.get_by_label("Select all streams that are shown").click()
    expect(picker.summary).to_have_text("No changes.")
    picker.root.get_by_label("Search streams").fill("")
    picker.open("accounts")
    picker.root.get_by_label("Search fields").fill("name")
    everything = picker.root.get_by_label("Select all fields that are shown")
    everything.click()
    expect(everything).to_be_checked(indeterminate=False)
    expect(picker.box("last_name")).to_be_checked()
    picker.root.get_by_label("Search fields").fill("")
    expect(everything).to_be_checked(indeterminate=True)
    expect(picker.box("bill_to")).not_to_be_checked()
    picker.root.get_by_label("Search fields").fill("name")
    everything.click()
    expect(picker.box("last_name")).not_to_be_checked()
    expect(picker.summary).to_have_text("1 change: + accounts")


def test_the_method_and_the_key_are_chosen_where_the_source_leaves_the_choice(show: Show) -> None:
    picker = Picker(show(DATABASE))
    picker.open("orders")
    picker.box("orders").click()
    method = picker.root.get_by_label("Method")
    method.focus()
    method.select_option("INCREMENTAL")
    expect(picker.said).to_have_text(re.compile("^Error: orders is replicated incrementally and needs a replication"))
    expect(picker.button("Apply")).to_have_attribute("aria-disabled", "true")
    expect(method).to_be_focused()
    picker.button("Apply").press("Enter")
    expect(picker.root.get_by_label("Replication key")).to_be_focused()
    picker.root.get_by_label("Replication key").select_option("updated_at")
    expect(picker.said).to_have_text("Primary key: id")
    picker.button("Apply").click()
    expect(picker.root.get_by_text("Saved 3 changes.")).to_be_visible()
    told = picker.form.run("s = source.catalog(load=False)['orders']; print(s.replication_method, s.replication_key)")
    assert told == "INCREMENTAL updated_at\n"


def test_a_forced_method_is_text(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    expect(picker.root.get_by_text("INCREMENTAL (forced)")).to_be_visible()
    expect(picker.root.locator(".sn-choosers select")).to_have_count(0)


def test_a_view_needs_keys_before_it_can_be_applied(show: Show) -> None:
    picker = Picker(show(DATABASE))
    picker.box(VIEW).click()
    expect(picker.summary).to_contain_text("1 problem to fix: customer_view")
    expect(picker.streams.get_by_title("to fix")).to_be_visible()
    picker.summary.get_by_role("button", name=VIEW).click()
    keys = picker.root.get_by_label("View keys")
    expect(keys).to_be_focused()
    expect(picker.said).to_contain_text("customer_view is a view and needs keys")
    keys.select_option("id")
    expect(picker.said).to_have_text("View keys: id")
    expect(keys).to_be_focused()
    keys.select_option("email")
    expect(picker.said).to_have_text("View keys: id, email")
    picker.button("Remove view key email").click()
    expect(picker.said).to_have_text("View keys: id")
    picker.button("Apply").click()
    expect(picker.root.get_by_text("Saved 2 changes.")).to_be_visible()
    assert picker.form.run(f"print(source.catalog(load=False)['{VIEW}'].view_keys)") == "('id',)\n"


def test_fields_that_exclude_each_other_say_so_at_both(show: Show) -> None:
    picker = Picker(show(ADS))
    picker.open(REPORT)
    picker.box("DeviceOS").click()
    expect(picker.row("DeviceOS")).to_contain_text("new")
    picker.box("ImpressionSharePercent").click()
    expect(picker.row("DeviceOS")).to_contain_text("conflicts with ImpressionSharePercent")
    expect(picker.row("ImpressionSharePercent")).to_contain_text("conflicts with DeviceOS")
    expect(picker.root.locator(".sn-line-below")).to_contain_text("can't be extracted together with DeviceOS")
    expect(picker.button("Apply")).to_have_attribute("aria-disabled", "false")
    picker.summary.get_by_role("button", name=REPORT).click()
    expect(picker.box("DeviceOS")).to_be_focused()
    picker.keys.press("Space")
    expect(picker.root.locator(".sn-field-reason .sn-warn")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 800])
def test_what_a_field_conflicts_with_is_readable_in_its_row(show: Show, width: int) -> None:
    picker = Picker(show(ADS, width=width))
    picker.form.run("picker.load(REPORT)\npicker.select(REPORT, fields=['DeviceOS', 'ImpressionSharePercent'])")
    picker.open("campaign_performance_report")
    for field, other in (("DeviceOS", "ImpressionSharePercent"), ("ImpressionSharePercent", "DeviceOS")):
        note = picker.row(field).get_by_text(f"conflicts with {other}")
        expect(note).to_be_visible()
        assert note.evaluate("chip => chip.scrollWidth <= chip.clientWidth"), f"{field} at {width} px is cut short"


def test_that_a_stream_is_not_selected_is_said_once_and_not_of_every_field(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    expect(picker.said).to_contain_text("Stream not selected, so none of its fields are replicated.")
    expect(picker.fields.get_by_role("columnheader", name="Status")).to_be_visible()
    expect(picker.fields.get_by_text("not selected", exact=True).first).to_be_visible()
    expect(picker.fields.get_by_text("stream not selected")).to_have_count(0)
    picker.box("accounts").check()
    expect(picker.said).not_to_contain_text("not selected")


def test_changes_are_shown_and_discarded(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    picker.box("bill_to").click()
    show_changes = picker.button("Show changes")
    expect(show_changes).to_have_attribute("aria-expanded", "false")
    show_changes.click()
    expect(picker.root.get_by_role("table").get_by_role("row")).to_have_text(
        ["StreamFieldWhatFromTo", "accountsselectednoneyes", "accountsbill_toselectednoneyes"]
    )
    picker.button("Discard").click()
    expect(picker.summary).to_have_text("No changes.")
    expect(picker.box("bill_to")).not_to_be_checked()
    expect(picker.root.get_by_role("table")).to_be_hidden()
    assert picker.focused != ""
    assert picker.form.run("print(picker.catalog.pending)") == "[]\n"


def test_a_refusal_is_announced_and_what_is_left_can_be_applied(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.form.run("fault = client.sandbox.faults.add(status=403, method='PUT', path='/v4/sources/*')")
    picker.box("plans").click()
    picker.button("Apply").click()
    alert = picker.root.get_by_role("alert")
    expect(alert).to_contain_text("Not applied: + plans")
    expect(alert).to_contain_text("403")
    picker.form.run("fault.remove()")
    picker.button("Apply").click()
    expect(picker.root.get_by_text("Saved 1 change.")).to_be_visible()
    expect(alert).to_have_count(0)


def test_what_code_chooses_is_seen_at_once(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    picker.form.run("picker.select('accounts', fields=['bill_to'])")
    expect(picker.box("bill_to")).to_be_checked()
    expect(picker.box("accounts")).to_be_checked(indeterminate=True)
    picker.form.run("picker.discard()")
    expect(picker.box("bill_to")).not_to_be_checked()


def test_two_thousand_streams_are_scrolled_with_the_keyboard_and_the_wheel(show: Show) -> None:
    picker = Picker(show(LARGE))
    rows = picker.streams.locator("[data-id]")
    assert rows.count() < 40
    expect(picker.streams).to_have_attribute("aria-rowcount", "2001")
    first = picker.box("orders_of_region_0000")
    first.focus()
    picker.keys.press("End")
    picker.expect_focus("Select orders_of_region_1999")
    expect(picker.streams.locator('[aria-rowindex="2001"]')).to_be_visible()
    assert rows.count() < 40
    picker.keys.press("PageUp")
    picker.expect_focus(re.compile(r"Select orders_of_region_19[89]\d"))
    picker.keys.press("Home")
    picker.expect_focus("Select orders_of_region_0000")
    picker.streams.evaluate("e => { e.scrollTop = 30000; }")
    expect(picker.box("orders_of_region_1072")).to_be_visible()
    picker.expect_focus("Select orders_of_region_0000")
    picker.keys.press("ArrowDown")
    picker.expect_focus("Select orders_of_region_0001")
    expect(picker.box("orders_of_region_0001")).to_be_in_viewport()
    picker.keys.press("ArrowRight")
    picker.expect_focus("orders_of_region_0001")
    picker.keys.press("Enter")
    expect(picker.fields).to_have_attribute("aria-rowcount", "501")
    picker.box("field_001").focus()
    picker.keys.press("End")
    picker.expect_focus("Select field_499")
    assert picker.fields.locator("[data-id]").count() < 40


def test_the_row_that_is_not_found_any_more_gives_its_focus_to_its_neighbour(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.root.get_by_label("State of streams").select_option("Not selected")
    picker.box("plans").focus()
    picker.keys.press("Space")
    expect(picker.box("plans")).to_have_count(0)
    picker.expect_focus("Select plans_add_ons")


def test_a_list_that_was_taken_out_of_the_page_comes_back_where_it_was_left(show: Show) -> None:
    picker = Picker(show(LARGE))
    picker.streams.evaluate("e => { e.scrollTop = 30000; }")
    expect(picker.box("orders_of_region_1072")).to_be_visible()
    # A notebook does the same with cells that are far away.
    picker.root.locator(".stitchnb").evaluate(
        """async element => {
            const {parentNode, nextSibling} = element;
            element.remove();
            await stitchnbTest.nextFrames();
            parentNode.insertBefore(element, nextSibling);
        }"""
    )
    expect(picker.box("orders_of_region_1072")).to_be_in_viewport()


def test_what_is_ticked_while_the_kernel_is_busy_stays_ticked(show: Show) -> None:
    picker = Picker(show(RECURLY))
    picker.open("accounts")
    picker.form.run(
        "from gates import wait_for\nnames, hear = iter(['first', 'second']), picker._hear\n"
        "picker._hear = lambda kind, content: (wait_for(next(names)), hear(kind, content))"
    )
    picker.form.notebook.clear_messages()
    picker.box("adjustments").click()
    picker.box("plans").click()
    picker.form.notebook.release("first")
    picker.form.notebook.wait_for_message('"heard"')
    assert picker.box("plans").is_checked(), "what the kernel has not seen yet is not undone by what it tells"
    picker.form.notebook.release("second")
    expect(picker.summary).to_have_text("2 changes: + adjustments, + plans")
    expect(picker.box("plans")).to_be_checked()
    expect(picker.box("adjustments")).to_be_checked()
    # Without this, the wrapped method keeps the picker, and so its sandbox, after the test.
    picker.form.run("del picker._hear, hear\nclient.close()")


def test_keys_that_are_meant_for_the_picker_do_nothing_to_the_notebook(show: Show) -> None:
    picker = Picker(show(SALESFORCE))
    picker.open("Account")
    before = picker.form.notebook.cells()
    places = [
        picker.box("Contact"),
        picker.streams.get_by_role("button", name="Contact", exact=True),
        picker.root.get_by_label("State of fields"),
        picker.button("Apply"),
    ]
    for place in places:
        place.focus()
        for key in ("a", "b", "d", "d", "x", "j"):
            place.press(key)
    picker.row("Id").locator(".sn-field-name").click()
    for key in ("a", "b", "d", "d", "x", "j"):
        picker.keys.press(key)
    assert picker.form.notebook.cells() == before


@pytest.mark.parametrize("width", [1280, 800, 560])
def test_nothing_scrolls_sideways_and_nothing_jumps_at_any_width(show: Show, width: int) -> None:
    picker = Picker(show(ADS, width=width))
    card = picker.root.locator(".sn-card")
    if width < 1000:
        # Below the streams there is only room for what is there: nothing yet.
        assert picker.root.locator(".sn-fields").bounding_box()["height"] < 80
        picker.open(REPORT)
    before = card.bounding_box()
    picker.open(REPORT)
    picker.box("DeviceOS").click()
    picker.box("ImpressionSharePercent").click()
    expect(picker.summary).to_contain_text("1 warning")
    after = card.bounding_box()
    assert before
    assert after
    assert abs(after["height"] - before["height"]) <= (1 if width > 1000 else 40)
    assert picker.form.notebook.sideways_overflow() == []
    for grid in (picker.streams, picker.fields):
        assert grid.evaluate("e => e.scrollWidth - e.clientWidth") <= 0
    is_below = picker.fields.bounding_box()["y"] > picker.streams.bounding_box()["y"] + 100
    assert is_below is (width < 1000)


def test_a_narrow_page_leaves_no_room_for_rows_that_are_not_there(show: Show) -> None:
    picker = Picker(show(DATABASE, width=800))
    picker.open("orders")
    for grid in (picker.streams, picker.fields):
        inside, outside = grid.evaluate("e => [e.scrollHeight, e.clientHeight]")
        assert abs(inside - outside) <= 1, "all rows are in sight"
        last = grid.get_by_role("row").last.bounding_box()
        frame = grid.bounding_box()
        assert 0 <= frame["y"] + frame["height"] - last["y"] - last["height"] < 3, "and nothing below them"
    before = picker.streams.bounding_box()
    picker.root.get_by_placeholder("Search streams").fill("orders")
    expect(picker.streams).to_have_attribute("aria-rowcount", "2")
    assert picker.streams.bounding_box() == before, "nothing moves while one searches"


def test_another_stream_that_is_asked_for_lets_nothing_move_below_it(show: Show) -> None:
    picker = Picker(show(DATABASE, width=800))
    picker.open("orders")
    # So that the page is seen while the fields are asked for.
    picker.form.run("from gates import Gate\ngate = Gate()\npicker._load_one = gate.before(picker._load_one)")
    pane = picker.root.locator(".sn-fields")
    before = pane.bounding_box()
    picker.streams.get_by_role("button", name="customers", exact=True).click()
    expect(picker.root.locator(".sn-wait")).to_have_text("Loading fields…")
    assert pane.bounding_box() == before
    picker.form.run("gate.open()")
    expect(picker.root.locator(".sn-wait")).to_be_hidden()
    assert pane.evaluate("e => e.style.minHeight") == ""


def test_axe_finds_nothing_to_complain_of(show: Show) -> None:
    form = show(ADS, DATABASE, width=800)
    notebook = form.notebook

    def judge(picker: Picker) -> None:
        for _ in notebook.looks():
            expect_accessible(picker.root.locator(".stitchnb"))

    picker = Picker(Form(notebook, notebook.output(1)))
    judge(picker)
    picker.open(REPORT)
    picker.box("DeviceOS").click()
    picker.box("ImpressionSharePercent").click()
    expect(picker.summary).to_contain_text("1 warning")
    picker.button("Show changes").click()
    judge(picker)
    picker = Picker(Form(notebook, notebook.output(2)))
    picker.open(VIEW)
    picker.box(VIEW).click()
    picker.root.get_by_label("Method").select_option("INCREMENTAL")
    expect(picker.summary).to_contain_text("2 problems to fix")
    picker.button("Apply").press("Enter")
    form.settle()
    judge(picker)
