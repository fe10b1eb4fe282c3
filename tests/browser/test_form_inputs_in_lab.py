"""Every kind of input in JupyterLab: rows, lists, switches, schedules, and cards that nobody expects."""

import re
from collections.abc import Callable

from accessibility import expect_accessible
from form_views import ACCOUNT, FORM, MANY, ODD, RICH, Form
from playwright.sync_api import expect


def test_an_odd_card_is_drawn_whole_and_none_of_its_text_becomes_markup(show: Callable[..., Form]) -> None:
    form = show(ODD)
    expect(form.root.get_by_text("This type is deprecated. This account has no access to it.")).to_be_visible()
    form.field("Private key").fill("BEGIN\n4711\nEND")
    form.field("Groups").fill("one")
    form.field("Groups").press("Enter")
    form.field("Groups").fill("two")
    form.root.get_by_role("button", name="Edit as JSON: Report definitions").click()
    form.row("report_definitions").locator("textarea").fill('[{"id": "1"}]')
    expect(form.error("report_definitions")).to_contain_text('In item 1: "name" is missing.')
    assert form.field("Private key").evaluate("e => getComputedStyle(e).webkitTextSecurity") == "disc"
    form.expect_printed(
        "print(repr(odd['private_key'].value.reveal()), odd['groups'].value)", "'BEGIN\\n4711\\nEND' ['one', 'two']\n"
    )
    assert form.root.locator("img").count() == 0
    assert "broken-in" not in form.page.title()

    # A field that is folded away is unfolded by its link.
    expect(form.field("Page size")).to_be_hidden()
    form.root.get_by_role("link", name="Page size").click()
    expect(form.field("Page size")).to_be_focused()

    expect(form.field("Own token")).to_be_hidden()
    form.field("Use my own OAuth app").check()
    form.field("Own token").fill("abc")
    form.settle()
    form.expect_printed("print(odd.values['own_token'].reveal())", "abc\n")
    form.field("Use my own OAuth app").uncheck()
    expect(form.field("Own token")).to_be_hidden()
    form.settle()
    form.expect_printed("print('own_token' in odd.values)", "False\n")


def test_rows_are_added_filled_in_and_taken_away_by_keyboard(show: Callable[..., Form]) -> None:
    form = show(MANY)
    row = form.row("reports")
    row.get_by_role("button", name="Add to Reports").press("Enter")
    expect(row.get_by_label("Name, item 1")).to_be_focused()
    form.settle()
    expect(form.error("reports")).to_have_text("")
    form.page.keyboard.type("first")
    expect(form.error("reports")).to_contain_text('In item 1: "id" is missing.')
    expect(row.get_by_label("ID, item 1")).to_have_attribute("aria-invalid", "true")
    expect(row.get_by_label("Name, item 1")).not_to_have_attribute("aria-invalid", "true")
    form.page.keyboard.press("Tab")
    form.page.keyboard.type("1")
    form.settle()
    expect(form.error("reports")).to_have_text("")
    expect(row.get_by_label("ID, item 1")).to_be_focused()
    row.get_by_role("button", name="Add to Reports").click()
    form.page.keyboard.type("second")
    form.settle()
    form.root.get_by_role("link", name="Reports").click()
    expect(row.get_by_label("ID, item 2")).to_be_focused()
    row.get_by_role("button", name="Remove item 1").click()
    row.get_by_label("ID, item 1").fill("2")
    form.field("red").check()
    form.field("green").check()
    form.settle()
    form.expect_printed(
        "print(many['reports'].value, many['colours'].value)", "[{'name': 'second', 'id': '2'}] ['red', 'green']\n"
    )
    form.run("many['reports'].value = [{'name': 'a', 'id': '1'}, {'name': 'b', 'id': '2'}]")
    expect(row.get_by_label("Name, item 2")).to_have_value("b")
    form.root.get_by_role("button", name="Edit as JSON: Reports").click()
    expect(row.locator("textarea")).to_have_value(re.compile(r'"name": "b"'))
    expect(row.locator("textarea")).to_have_accessible_name("Reports")
    form.root.get_by_role("button", name="Edit as rows: Reports").click()
    expect(row.get_by_label("Name, item 2")).to_have_value("b")


CHIPS = """
chips = ConnectionForm(card(
    prop("tags", {"type": "array", "items": TEXT}),
    prop("years", {"type": "array", "items": {"type": "integer"}, "minItems": 1}, required=True),
), values={"tags": ["a", "b"]})
chips
"""


def test_a_list_of_texts_is_chips_that_are_added_mended_and_taken_away_by_keyboard(show: Callable[..., Form]) -> None:
    form = show(CHIPS)
    tags, years = form.row("tags"), form.row("years")
    expect(tags.get_by_role("listitem")).to_contain_text(["a", "b"])
    form.field("Tags").focus()
    form.page.keyboard.type("c d")
    form.settle()
    form.expect_printed("print(chips['tags'].value)", "['a', 'b', 'c d']\n")
    form.field("Tags").press("Enter")
    expect(tags.get_by_role("listitem")).to_contain_text(["a", "b", "c d"])
    expect(form.field("Tags")).to_have_value("")
    tags.get_by_role("button", name="Remove b").press("Enter")
    expect(form.field("Tags")).to_be_focused()
    form.page.keyboard.press("Backspace")
    expect(form.field("Tags")).to_have_value("c d")
    form.page.keyboard.press("Backspace")
    form.settle()
    form.expect_printed("print(chips['tags'].value)", "['a', 'c']\n")

    form.field("Years").fill("2024")
    form.field("Years").press("Enter")
    form.field("Years").fill("soon")
    expect(form.error("years")).to_contain_text("In item 2")
    form.field("Years").press("Enter")
    expect(years.locator("li.sn-bad")).to_contain_text("soon")
    expect(form.field("Years")).to_have_accessible_description(re.compile("In item 2"))
    years.get_by_role("button", name="Remove soon").click()
    expect(form.error("years")).to_have_text("")
    form.run("chips['years'].value = [1, 2, 3]")
    expect(years.get_by_role("listitem")).to_contain_text(["1", "2", "3"])
    expect_accessible(form.root.locator(".stitchnb"))


def test_lines_that_are_pasted_into_a_list_become_a_chip_each(show: Callable[..., Form]) -> None:
    form = show(CHIPS)
    form.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    form.page.evaluate("() => navigator.clipboard.writeText('one\\n two \\n\\nthree')")
    form.field("Tags").focus()
    form.page.keyboard.press("Control+v")
    expect(form.row("tags").get_by_role("listitem")).to_contain_text(["a", "b", "one", "two", "three"])
    form.settle()
    form.expect_printed("print(chips['tags'].value)", "['a', 'b', 'one', 'two', 'three']\n")


def test_what_is_switched_on_appears_where_it_belongs(show: Callable[..., Form]) -> None:
    form = show(MANY)
    expect(form.field("SSH host")).to_be_hidden()
    form.field("SSH").select_option("true")
    expect(form.field("SSH host")).to_be_visible()
    form.field("SSH host").fill("a b")
    expect(form.error("ssh_host")).to_contain_text("Expected a host name")
    expect(form.root.get_by_role("link", name="SSH host")).to_be_visible()
    form.field("SSH").select_option("false")
    expect(form.field("SSH host")).to_be_hidden()
    expect(form.root.get_by_role("link", name="SSH host")).to_be_hidden()
    expect(form.root.get_by_text("requires you to sign in")).to_be_visible()


def test_where_the_clocks_go_by_utc_the_next_starts_are_shown_once(show: Callable[..., Form]) -> None:
    form = show("print()", FORM)
    form.notebook.set_time_zone("Atlantic/Reykjavik")
    form.run("form")
    form.notebook.wait_for_widgets()
    form.root = form.notebook.output(len(form.notebook.cells()) - 1)
    expect(form.root.get_by_role("columnheader")).to_have_text(["UTC"])
    expect(form.root.get_by_role("cell")).to_have_count(5)


def test_a_schedule_shows_its_next_starts_here_and_in_utc(show: Callable[..., Form]) -> None:
    form = show("print()", FORM)
    form.notebook.set_time_zone("Asia/Tokyo")
    form.run("form")
    last = len(form.notebook.cells()) - 1
    form.notebook.wait_for_widgets()
    form.root = form.notebook.output(last)
    form.field("Cron schedule").check()
    expect(form.field("Replicate")).to_be_hidden()
    form.field("Cron expression").fill("0 0 20 1 1 ? 2090-2091")
    expect(form.root.get_by_role("columnheader")).to_have_text(["UTC", "Here (Asia/Tokyo)"])
    expect(form.root.get_by_text("At 20:00 UTC, on day 1 of the month, in January, in 2090 and 2091.")).to_be_visible()
    expect(form.root.get_by_role("cell")).to_have_text(
        ["Sun 2090-01-01 20:00", "Mon 2090-01-02 05:00", "Mon 2091-01-01 20:00", "Tue 2091-01-02 05:00"]
    )
    form.field("Cron expression").fill("0 0 20 1 1 MON")
    expect(form.error("cron_expression")).to_contain_text("Support for specifying both")
    expect(form.root.get_by_role("cell")).to_have_count(0)
    form.field("At a fixed interval").check()
    expect(form.root.get_by_role("cell")).to_have_count(10)
    expect(form.field("Cron expression")).to_be_hidden()


REPORTS = f"""{ACCOUNT}
form = SourceForm(client, "platform.google-analytics", values={{"view_id": "1"}})
form
"""


def test_the_rows_of_a_type_in_the_catalogue_are_sent_and_come_back_in_its_own_form(show: Callable[..., Form]) -> None:
    form = show(REPORTS)
    row = form.row("report_definitions")
    add = row.get_by_role("button", name="Add to Report definitions")
    for number, (name, code) in enumerate((("Visits", "v"), ("Sales", "s"), ("Pages", "p")), start=1):
        add.press("Enter")
        expect(row.get_by_label(f"Name, item {number}")).to_be_focused()
        form.page.keyboard.type(name)
        form.page.keyboard.press("Tab")
        form.page.keyboard.type(code)
    row.get_by_label("ID, item 2").fill("")
    expect(form.error("report_definitions")).to_contain_text("In item 2")
    expect(row.get_by_label("ID, item 2")).to_have_attribute("aria-invalid", "true")
    expect(row.get_by_label("ID, item 1")).not_to_have_attribute("aria-invalid", "true")
    row.get_by_role("button", name="Remove item 2").press("Enter")
    expect(form.error("report_definitions")).to_have_text("")
    expect(row.get_by_label("Name, item 2")).to_have_value("Pages")
    form.settle()
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert")).to_contain_text("Created source")
    sent = "[dict(one) for one in client.sources.get(form.source.id).properties['report_definitions']]"
    form.expect_printed(f"print({sent})", "[{'name': 'Visits', 'id': 'v'}, {'name': 'Pages', 'id': 'p'}]\n")

    form.run("SourceForm(client, source=form.source.id)")
    form.notebook.wait_for_widgets()
    change = Form(form.notebook, form.notebook.output(len(form.notebook.cells()) - 1))
    expect(change.row("report_definitions").get_by_label("Name, item 2")).to_have_value("Pages")
    expect(change.root.get_by_text("No changes yet.")).to_be_visible()


def test_a_cron_expression_is_explained_with_its_next_five_starts_and_refused_in_the_words_of_the_api(
    show: Callable[..., Form],
) -> None:
    form = show(RICH["recurly"])
    expect(form.root.get_by_text("At 12:00 UTC, on Monday.")).to_be_visible()
    days = [23, 30, 6, 13, 20]
    starts = [f"Mon 2026-{'03' if day > 20 else '04'}-{day:02} 12:00" for day in days]
    # Here the clocks go by UTC, so there is no other time to be shown beside it.
    expect(form.root.get_by_role("cell")).to_have_text(starts)
    expect(form.root.get_by_role("columnheader")).to_have_text(["UTC"])
    wrong = "0 0 12 1 * MON"
    form.field("Cron expression").fill(wrong)
    expect(form.root.get_by_role("cell")).to_have_count(0)
    form.settle()
    told = form.run(
        f"""
given = {{"start_date": "2024-01-31T00:00:00Z", "api_key": "k", "quota_limit": "30", "subdomain": "acme"}}
try:
    client.sources.create(
        "platform.recurly", display_name="x", properties={{**given, "cron_expression": "{wrong}"}}, validate=False)
except APIError as error:
    print(error.message)
"""
    ).strip()
    assert "day-of-week AND a day-of-month" in told
    form.notebook.output(1)
    expect(form.error("cron_expression")).to_have_text(told)
