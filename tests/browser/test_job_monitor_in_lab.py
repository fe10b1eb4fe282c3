"""A job in JupyterLab while it runs, stopped by keyboard, and the pictures of what has run, in both themes."""

from collections.abc import Callable

from accessibility import expect_accessible
from form_views import Form
from playwright.sync_api import Locator, expect

# A source that gives twenty rows each time that it is told to go on.
ACCOUNT = """
import stitchnb
from gates import GatedRows
from stitchnb.widgets import JobMonitor

sandbox = stitchnb.Sandbox(pace_s=0, clock="2026-03-20T14:00:00Z")
gated = sandbox.connectors["platform.recurly"] = GatedRows("platform.recurly")
client = sandbox.client()
given = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}
source = client.sources.create("platform.recurly", display_name="Recurly", properties=given)
source.check().wait(show_progress=False)
for stream in ("accounts", "coupons", "plans", "invoices"):
    source.select(stream)
"""
MONITOR = f"{ACCOUNT}\nmonitor = JobMonitor(source.start_job())\nmonitor"
OF_ACCOUNT = f"""{ACCOUNT}
account = stitchnb.Client(sandbox.token, base_url=sandbox.url)
monitor = JobMonitor(account.sources.get(source.id).start_job())
monitor
"""
PICTURES = f"""{ACCOUNT}
from IPython.display import display
from stitchnb import plots
gated.gate.open()
sandbox.clock.advance(hours=20)
with sandbox.faults.fail_extractions("the tap fell over"):
    sandbox.clock.advance(hours=1)
    sandbox.wait_idle()
sandbox.clock.advance(hours=3)
sandbox.wait_idle()
display(plots.runs(client.jobs.history()))
display(plots.rows_over_runs(client.jobs.history()))
display(plots.next_fire_times(client.sources.list()))
"""

Show = Callable[..., Form]

# The contrast of every word and every bar of a picture with what is behind it.
CONTRASTS = """svg => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = colour => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
  let behind = svg;
  while (rgb(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
  const ground = light(rgb(getComputedStyle(behind).backgroundColor));
  const contrast = colour => {
    const own = light(rgb(colour));
    return (Math.max(own, ground) + .05) / (Math.min(own, ground) + .05);
  };
  const of = (selector, property) => [...svg.querySelectorAll(selector)].map(e => getComputedStyle(e)[property]);
  return {
    words: of('text', 'fill').map(contrast),
    marks: of('[id*=PolyCollection] path, [id*=patch] path, [id*=line2d] use', 'fill').filter(c => c !== 'none')
      .map(contrast).filter(c => c > 1.01),
  };
}"""


class Monitor:
    """A monitor in the output of a cell."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.root = form.root
        self.card = form.root.locator(".stitchnb")
        self.chip = form.root.locator("header .sn-chip")

    def stream(self, name: str) -> Locator:
        return self.root.get_by_role("row", name=name)

    def let_pass(self, count: int) -> None:
        self.form.notebook.execute(f"gated.gate.open({count})")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)


def test_rows_come_in_as_they_land_and_the_notebook_stays_free(show: Show) -> None:
    monitor = Monitor(show(MONITOR))
    expect(monitor.stream("accounts")).to_contain_text("waiting")
    monitor.let_pass(3)
    expect(monitor.stream("accounts")).to_contain_text("60")
    expect(monitor.stream("accounts")).to_contain_text("extracting")
    bar = monitor.stream("accounts").get_by_role("progressbar", name="Progress of accounts")
    assert not bar.evaluate("bar => bar.hasAttribute('value')")
    expect(monitor.stream("plans").get_by_role("progressbar")).to_have_js_property("value", 0)
    expect(monitor.root.locator("li[aria-current=step]")).to_contain_text("Extraction")
    expect(monitor.root.get_by_role("log")).to_contain_text("14:00:02 INFO    tap    connected")
    monitor.let_pass(100)
    expect(monitor.chip).to_have_text("succeeded")
    expect(monitor.stream("accounts")).to_contain_text("141")
    expect(bar).to_have_js_property("value", 1)
    expect(monitor.root.get_by_text("Job finished: 4 of 4 streams loaded, 245 rows")).to_be_visible()
    expect(monitor.root.get_by_role("button")).to_have_count(0)
    assert monitor.form.run("print(monitor.result)") == "JobResult(succeeded, 4 streams loaded)\n"


def test_a_job_is_stopped_by_keyboard_and_the_outcome_has_the_focus(show: Show) -> None:
    monitor = Monitor(show(MONITOR))
    monitor.let_pass(2)
    expect(monitor.stream("accounts")).to_contain_text("40")
    cells = len(monitor.form.notebook.cells())
    monitor.button("Stop").focus()
    monitor.form.page.keyboard.press("Enter")
    expect(monitor.chip).to_have_text("stopping")
    expect(monitor.button("Stop")).to_be_disabled()
    expect(monitor.button("Stop")).to_be_focused()
    monitor.form.page.keyboard.press("Enter")
    monitor.form.settle()
    monitor.let_pass(100)
    expect(monitor.chip).to_have_text("stopped")
    expect(monitor.root.get_by_text("The job was stopped. Rows that were loaded are kept")).to_be_focused()
    expect(monitor.stream("accounts")).to_contain_text("broken off")
    expect(monitor.stream("invoices")).to_contain_text("not loaded")
    expect(monitor.root.locator("li.sn-failed")).to_contain_text("Extraction")
    assert len(monitor.form.notebook.cells()) == cells


def test_a_state_is_announced_and_numbers_are_not(show: Show) -> None:
    monitor = Monitor(show(MONITOR))
    said = monitor.root.locator("p.sn-unseen[role=status]")
    expect(said).to_have_text("The job is running.")
    assert monitor.root.locator("table [role=status], table [aria-live], [role=log]:not([aria-live=off])").count() == 0
    monitor.let_pass(100)
    expect(said).to_have_text("The job is succeeded.")


def test_a_job_of_a_real_account_says_what_is_not_told(show: Show) -> None:
    monitor = Monitor(show(OF_ACCOUNT))
    expect(monitor.root.get_by_text("rows and log are not available")).to_be_visible()
    expect(monitor.root.get_by_role("columnheader")).to_have_text(["Stream", "Phase", "Last loaded (UTC)"])
    expect(monitor.root.get_by_role("progressbar")).to_have_count(0)
    monitor.form.notebook.screenshot("job-account-light-1280", of=monitor.card)
    monitor.let_pass(100)
    expect(monitor.chip).to_have_text("succeeded")
    expect(monitor.stream("accounts")).to_contain_text("2026-03-20 14:00:")
    monitor.button("Show log").press("Enter")
    expect(monitor.root.get_by_role("log")).to_contain_text("job    succeeded")
    expect_accessible(monitor.card)
    monitor.form.notebook.screenshot("job-account-over-light-1280", of=monitor.card)


def test_nothing_jumps_while_rows_come_in(show: Show) -> None:
    monitor = Monitor(show(MONITOR))
    heads = monitor.root.get_by_role("columnheader")
    expect(heads).to_have_count(5)
    monitor.let_pass(1)
    expect(monitor.stream("accounts")).to_contain_text("20")
    place = "cells => cells.map(cell => [cell.getBoundingClientRect().left, cell.getBoundingClientRect().width])"
    before, height = heads.evaluate_all(place), monitor.card.bounding_box()
    monitor.let_pass(9)
    expect(monitor.stream("coupons")).to_contain_text("loaded")
    after = monitor.card.bounding_box()
    assert heads.evaluate_all(place) == before
    assert height
    assert after
    assert abs(after["height"] - height["height"]) <= 1


def test_axe_finds_nothing_to_complain_of(show: Show) -> None:
    monitor = Monitor(show(MONITOR, width=800))
    notebook = monitor.form.notebook

    def look(name: str) -> None:
        for theme, width in notebook.looks():
            expect_accessible(monitor.card)
            assert notebook.sideways_overflow() == []
            notebook.screenshot(f"job-{name}-{theme}-{width}", of=monitor.card)

    monitor.let_pass(10)
    expect(monitor.stream("plans")).to_contain_text("extracting")
    look("running")
    monitor.button("Stop").click()
    monitor.form.settle()
    monitor.let_pass(100)
    expect(monitor.chip).to_have_text("stopped")
    look("stopped")


def test_pictures_can_be_read_in_both_themes(show: Show) -> None:
    form = show(PICTURES)
    pictures = form.root.get_by_role("img")
    expect(pictures).to_have_count(3)
    assert [name.split()[0] for name in pictures.evaluate_all("all => all.map(e => e.ariaLabel)")] == [
        "Timeline",
        "Rows",
        "1",
    ]
    for theme, width in form.notebook.looks():
        assert form.notebook.sideways_overflow() == []
        for picture in pictures.all():
            found = picture.evaluate(CONTRASTS)
            assert min(found["words"]) >= 4.5
            assert min(found["marks"]) >= 3
            sizes = picture.locator("text").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
            assert min(sizes) >= 10
        form.notebook.screenshot(f"pictures-{theme}-{width}", of=form.root)


def test_the_data_of_a_picture_opens_by_keyboard(show: Show) -> None:
    form = show(PICTURES)
    summary = form.root.locator("summary").first
    summary.focus()
    form.page.keyboard.press("Enter")
    expect(form.root.get_by_role("cell", name="tap: the tap fell over")).to_be_visible()
