"""How forms look in JupyterLab: at any width, in both themes."""

from collections.abc import Callable

import pytest
from form_views import FORM, MANY, ODD, RICH, Form
from playwright.sync_api import expect


@pytest.mark.parametrize("width", [1280, 800, 560])
def test_nothing_scrolls_sideways_and_nothing_jumps_at_any_width(show: Callable[..., Form], width: int) -> None:
    form = show(FORM, ODD, MANY, width=width)
    second = Form(form.notebook, form.notebook.output(2))
    second.root.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
    third = Form(form.notebook, form.notebook.output(3))
    third.field("Cron schedule").check()
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


def test_everything_can_be_read_in_both_themes(show: Callable[..., Form]) -> None:
    form = show(FORM, ODD, MANY)
    form.field("Quota limit").fill("thirty")
    form.settle()
    for theme in ("light", "dark"):
        form.notebook.set_theme(theme)
        for index in (1, 2, 3):
            found = form.notebook.output(index).locator(".stitchnb").evaluate(CONTRASTS)
            assert len(found) > 30
            assert [f"{ratio:.2f} {what}" for ratio, what in found if ratio < 4.5] == []


CUT_OFF = """root => [...root.querySelectorAll('label, p, code, th, td, button, a, h3, b, small')]
  .filter(e => e.checkVisibility() && !e.closest('.sn-unseen') && e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  .map(e => e.outerHTML.slice(0, 120))"""


def test_rich_forms_are_whole_and_pictured(show: Callable[..., Form]) -> None:
    form = show(*RICH.values())
    for index in range(1, len(RICH) + 1):
        opened = form.notebook.output(index).locator("details")
        opened.evaluate_all("all => all.forEach(d => { d.open = true; })")
    for theme, width in form.notebook.looks():
        for index, name in enumerate(RICH, start=1):
            root = form.notebook.output(index)
            picture = form.notebook.screenshot(f"form-{name}-{theme}-{width}", whole=True, of=root.locator(".stitchnb"))
            assert picture.stat().st_size > 20_000
            assert form.notebook.output(index).locator(".stitchnb").evaluate(CUT_OFF) == []
        assert form.notebook.sideways_overflow() == []
