"""A form in JupyterLab: filled in by hand, read by eye, and safe with what it is told."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_page import NotebookPage
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Locator, expect

OpenNotebook = Callable[..., NotebookPage]

SECRET = "key-4711"
SETUP = """
import sys
sys.path[:0] = [{widgets!r}, {tests!r}]
from form_cards import *
from form_page import TODAY, Account
from stitchnb.errors import *
from stitchnb.widgets import ConnectionForm, SourceForm
account = Account()
"""
FORM = 'form = SourceForm(account, "platform.recurly", display_name="", today=TODAY)\nform'
ODD = """
markup = "<img src=x onerror=document.title='broken-in'>"
odd = ConnectionForm(card(
    prop("private_key", TEXT, required=True, is_credential=True),
    prop("groups", {"type": "array", "items": TEXT}),
    prop("report_definitions", ROWS),
    prop("ssl", {"type": "string", "pattern": "^(true|false)$"}),
    prop("include_schemas_in_destination_stream_name", {"type": "string", "description": "So it goes on. " * 9}),
    prop("evil", {"type": "string", "description": markup}),
    prop("itersize", DIGITS, required=True, property_type="user_provided_advanced"),
    prop("page_size", DIGITS, property_type="user_provided_advanced"),
    prop("own_token", TEXT, is_credential=True, property_type="system_provided_by_default"),
    type=markup, pipeline_state="deprecated", access=False,
), values={"page_size": "x"})
odd
"""

MANY = """
truth, server = {"type": "string", "pattern": "^(true|false)$"}, {
    "type": "object",
    "properties": {"host": HOST, "port": {"type": "integer"}, "tags": {"type": "array", "items": TEXT}, "tls": DIGITS},
    "required": ["host"],
}
many = ConnectionForm(card(
    prop("reports", ROWS, required=True),
    prop("servers", {"type": "array", "items": server}),
    prop("colours", {"type": "array", "items": {"enum": ["red", "green"]}}),
    prop("ssh", truth), prop("ssh_host", HOST),
    prop("frequency_in_minutes", MINUTES), prop("cron_expression"),
    prop("client_secret", TEXT, is_credential=True, property_type="system_provided_by_default"),
    later=["oauth", "discover_schema"],
), values={"servers": [{"host": "db", "port": 1}]})
many
"""


class Form:
    """A form in the output of a cell, with what the page and the kernel said to each other about it."""

    def __init__(self, notebook: NotebookPage, output: Locator) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.root = output
        self.sent: list[bytes] = []
        self.received: list[bytes] = []

    def field(self, label: str) -> Locator:
        return self.root.get_by_label(label, exact=True)

    def row(self, name: str) -> Locator:
        return self.root.locator(f'[data-field="{name}"]')

    def error(self, name: str) -> Locator:
        return self.row(name).locator(".sn-error")

    def settle(self) -> None:
        self.notebook.wait_until_idle()

    def run(self, source: str) -> str:
        """Run code in the last cell and give what it printed."""
        index = len(self.notebook.cells()) - 1
        self.page.evaluate(
            """async source => {
                const content = jupyterapp.shell.currentWidget.content;
                const cell = content.widgets[content.widgets.length - 1];
                cell.model.sharedModel.setSource(source);
                content.activeCellIndex = content.widgets.length - 1;
                content.mode = 'command';
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            source,
        )
        self.settle()
        return "".join(o.get("text", "") for o in self.notebook.cells()[index]["outputs"])


def _frames(form: Form) -> Callable[[Any], None]:
    def listen(websocket: Any) -> None:
        as_bytes = lambda frame: frame if isinstance(frame, bytes) else frame.encode()  # noqa: E731
        websocket.on("framesent", lambda frame: form.sent.append(as_bytes(frame)))
        websocket.on("framereceived", lambda frame: form.received.append(as_bytes(frame)))

    return listen


@pytest.fixture
def show(open_notebook: OpenNotebook, project_root: Path) -> Iterator[Callable[..., Form]]:
    """Open a notebook with a form: ``show(cell)``."""

    def show(*cells: str, width: int = 1280) -> Form:
        tests = project_root / "tests"
        setup = SETUP.format(widgets=str(tests / "widgets"), tests=str(tests))
        node = new_notebook(cells=[new_code_cell(source.strip()) for source in (setup, *cells, "print()")])
        notebook = open_notebook(node, width=width)
        form = Form(notebook, notebook.output(1))
        # The kernel's connection was made before: a second one is made for the reload.
        notebook.page.on("websocket", _frames(form))
        assert notebook.run_all().errors == []
        form.root = notebook.output(1)
        return form

    return show


def fill_in(form: Form) -> None:
    for label, text in (("Display name", "Recurly"), ("API key", SECRET), ("Subdomain", "acme"), ("Quota limit", "30")):
        form.field(label).fill(text)
    form.settle()


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
    assert form.run("print(form.source.id, account.created[0]['properties']['quota_limit'], len(account.created))") == (
        "233312 30 1\n"
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
    expect(form.root.get_by_text("1 thing to mend:")).to_be_visible()
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
    expect(form.root.get_by_text("Nothing to mend.")).to_be_visible()
    assert form.run("print(account.created)") == "[]\n"


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
    form.run("import time; account.during = lambda: time.sleep(0.5)")
    form.root.get_by_role("button", name="Create source").dblclick()
    expect(form.root.get_by_role("alert")).to_contain_text("Created source")
    assert form.run("print(len(account.created))") == "1\n"
    expect(form.field("Subdomain")).to_be_disabled()
    expect(form.field("API key")).to_have_value("")


def test_what_is_typed_while_the_form_is_sent_is_not_lost(show: Callable[..., Form]) -> None:
    form = show(FORM)
    fill_in(form)
    form.run(
        "import time; account.during = lambda: time.sleep(1)\n"
        "account.refusal = NameTakenError('non-unique name (Recurly)', status_code=400, method='POST', path='/')"
    )
    form.root.get_by_role("button", name="Create source").click()
    form.field("Subdomain").fill("other")
    form.settle()
    expect(form.error("display_name")).to_contain_text("Stitch refused this name")
    expect(form.field("Subdomain")).to_have_value("other")
    assert form.run("print(form['subdomain'].value)") == "other\n"


def test_a_credential_leaves_in_one_message_and_is_found_nowhere_else(show: Callable[..., Form]) -> None:
    form = show(FORM, "form")
    # From here on every frame of the kernel's connection is seen.
    form.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.reconnect()")
    form.settle()
    form.sent.clear()
    form.received.clear()
    fill_in(form)
    with_secret = [frame for frame in form.sent if SECRET.encode() in frame]
    assert len(with_secret) == 1
    assert b'"custom"' in with_secret[0]
    assert b'"input"' in with_secret[0]

    second = Form(form.notebook, form.notebook.output(2))
    expect(second.field("Subdomain")).to_have_value("acme")
    expect(second.field("API key")).to_have_value("")
    expect(second.field("API key")).to_have_attribute("placeholder", "given")
    form.notebook.output(1)
    form.root.get_by_role("button", name="Create source").click()
    expect(form.root.get_by_role("alert")).to_contain_text("Created source")
    form.page.evaluate("() => jupyterapp.commands.execute('docmanager:save')")
    form.settle()
    assert len(form.received) > 10
    assert [frame for frame in form.received if SECRET.encode() in frame] == []
    assert SECRET not in form.page.content()
    assert SECRET not in form.notebook.file.read_text()


def test_a_keystroke_is_one_message_up_and_one_down(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.reconnect()")
    form.field("Quota limit").focus()
    form.settle()
    form.sent.clear()
    form.received.clear()
    form.field("Quota limit").press_sequentially("thirty")
    # The end of a cell's run comes by the same way as the answers, and after them.
    form.run("print()")
    # Running the cell takes the focus away, which the form may tell as well.
    sent = [frame for frame in form.sent if b"comm_msg" in frame and b'"type":"left"' not in frame]
    assert len(sent) == 6
    assert len([frame for frame in form.received if b"comm_msg" in frame and b'"patch"' in frame]) == 6


def test_what_code_sets_is_seen_at_once(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.run("form['subdomain'].value = 'acme'; form['start_date'].value = '2018-01-10T00:00:00Z'")
    expect(form.field("Subdomain")).to_have_value("acme")
    expect(form.field("Start date")).to_have_value("2018-01-10")
    form.field("Start date").fill("2019-02-03")
    form.field("From a set time on").check()
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


def test_an_odd_card_is_drawn_whole_and_none_of_its_text_becomes_markup(show: Callable[..., Form]) -> None:
    form = show(ODD)
    expect(form.root.get_by_text("This type is deprecated. This account may not use it.")).to_be_visible()
    form.field("Private key").fill("BEGIN\n4711\nEND")
    form.field("Groups").fill("one\ntwo")
    form.root.get_by_role("button", name="Edit as JSON: Report definitions").click()
    form.row("report_definitions").locator("textarea").fill('[{"id": "1"}]')
    expect(form.error("report_definitions")).to_contain_text('In item 1: "name" is missing.')
    assert form.field("Private key").evaluate("e => getComputedStyle(e).webkitTextSecurity") == "disc"
    assert form.run("print(repr(odd['private_key'].value.reveal()), odd['groups'].value)") == (
        "'BEGIN\\n4711\\nEND' ['one', 'two']\n"
    )
    assert form.root.locator("img").count() == 0
    assert "broken-in" not in form.page.title()

    # A field that is folded away is unfolded by its link.
    expect(form.field("Page size")).to_be_hidden()
    form.root.get_by_role("link", name="Page size").click()
    expect(form.field("Page size")).to_be_focused()

    expect(form.field("Own token")).to_be_hidden()
    form.field("Use my own OAuth client").check()
    form.field("Own token").fill("abc")
    form.settle()
    assert form.run("print(odd.values['own_token'].reveal())") == "abc\n"
    form.field("Use my own OAuth client").uncheck()
    expect(form.field("Own token")).to_be_hidden()
    form.settle()
    assert form.run("print('own_token' in odd.values)") == "False\n"


@pytest.mark.parametrize("width", [1280, 800, 560])
def test_nothing_scrolls_sideways_and_nothing_jumps_at_any_width(show: Callable[..., Form], width: int) -> None:
    form = show(FORM, ODD, MANY, width=width)
    second = Form(form.notebook, form.notebook.output(2))
    second.root.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    third = Form(form.notebook, form.notebook.output(3))
    third.field("By cron expression").check()
    third.root.get_by_role("button", name="Copy as Python").click()
    expect(third.root.get_by_label("The form as code")).to_be_visible()
    assert form.notebook.sideways_overflow() == []
    output = form.root.bounding_box()
    card = form.root.locator(".sn-card").bounding_box()
    assert output
    assert card
    assert card["x"] + card["width"] <= output["x"] + output["width"] + 1
    form.notebook.output(1)
    row = form.row("quota_limit")
    place = "e => [e.offsetTop, e.offsetHeight, e.closest('.sn-body').offsetHeight]"
    before = row.evaluate(place)
    form.field("Quota limit").fill("thirty")
    expect(form.error("quota_limit")).not_to_have_text("")
    assert row.evaluate(place) == before
    hint, control = row.locator(".sn-hint").bounding_box(), form.field("Quota limit").bounding_box()
    assert hint
    assert control
    is_below = hint["y"] >= control["y"] + control["height"] - 1
    assert is_below is (width < 900)


CONTRASTS = """root => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgba = color => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return Array.from(canvas.getImageData(0, 0, 1, 1).data);
  };
  const over = (top, under) => top.slice(0, 3).map((c, i) => c * top[3] / 255 + under[i] * (1 - top[3] / 255));
  const ground = element => {
    const own = rgba(getComputedStyle(element).backgroundColor);
    return own[3] === 255 ? own : over(own, element.parentElement ? ground(element.parentElement) : [255, 255, 255]);
  };
  const light = rgb => {
    const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of root.querySelectorAll('*')) {
    const text = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!(text || element.value) || !element.checkVisibility({visibilityProperty: true})) continue;
    const under = ground(element);
    const [a, b] = [light(over(rgba(getComputedStyle(element).color), under)), light(under)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const words = (element.textContent || element.value).slice(0, 30);
    found.push([ratio, `${element.tagName}.${element.className} ${words}`]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(show: Callable[..., Form], theme: str) -> None:
    form = show(FORM, ODD, MANY)
    form.notebook.set_theme(theme)
    form.field("Quota limit").fill("thirty")
    form.settle()
    for index in (1, 2, 3):
        found = form.notebook.output(index).locator(".stitchnb").evaluate(CONTRASTS)
        assert len(found) > 30
        assert [f"{ratio:.2f} {what}" for ratio, what in found if ratio < 4.5] == []


def test_a_form_whose_kernel_was_started_anew_says_so(show: Callable[..., Form]) -> None:
    form = show(FORM)
    silent = form.root.get_by_text("The kernel does not answer.")
    form.field("Subdomain").fill("acme")
    form.settle()
    form.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(silent).to_be_hidden()
    form.field("Subdomain").fill("other")
    expect(silent).to_be_visible(timeout=10_000)


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
    assert form.run("print(many['reports'].value, many['colours'].value)") == (
        "[{'name': 'second', 'id': '2'}] ['red', 'green']\n"
    )
    form.run("many['reports'].value = [{'name': 'a', 'id': '1'}, {'name': 'b', 'id': '2'}]")
    expect(row.get_by_label("Name, item 2")).to_have_value("b")
    form.root.get_by_role("button", name="Edit as JSON: Reports").click()
    expect(row.locator("textarea")).to_have_value(re.compile(r'"name": "b"'))
    expect(row.locator("textarea")).to_have_accessible_name("Reports")
    form.root.get_by_role("button", name="Edit as rows: Reports").click()
    expect(row.get_by_label("Name, item 2")).to_have_value("b")


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
    expect(form.root.get_by_text("asks a person to grant access in a browser")).to_be_visible()


def test_a_schedule_shows_its_next_starts_here_and_in_utc(show: Callable[..., Form]) -> None:
    form = show("print()", FORM)
    session = form.page.context.new_cdp_session(form.page)
    session.send("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    form.run("form")
    last = len(form.notebook.cells()) - 1
    form.notebook.wait_for_widgets()
    form.root = form.notebook.output(last)
    form.field("By cron expression").check()
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
    form.field("Every so often").check()
    expect(form.root.get_by_role("cell")).to_have_count(10)
    expect(form.field("Cron expression")).to_be_hidden()


def test_a_source_is_changed_and_only_the_change_is_sent(show: Callable[..., Form]) -> None:
    form = show("form = SourceForm(account, source=233312)\nform")
    button = form.root.get_by_role("button", name="Save changes")
    expect(button).to_be_disabled()
    expect(form.root.get_by_text("No changes yet.")).to_be_visible()
    expect(form.field("Subdomain")).to_have_value("acme")
    expect(form.field("API key")).to_have_attribute("placeholder", "already provided: leave empty to keep it")
    form.field("Subdomain").fill("acme2")
    expect(form.root.get_by_text("1 change:")).to_be_visible()
    button.click()
    expect(form.root.get_by_role("alert")).to_have_text("Saved Subdomain.")
    expect(form.root.get_by_text("No changes yet.")).to_be_visible()
    assert form.run("print(account.updated)") == "[{'id': 233312, 'properties': {'subdomain': 'acme2'}}]\n"


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
