"""What axe-core finds wrong with a part of a page: names, labels, roles, order, contrast."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Locator, Page, expect

# The levels that public bodies ask for, and what is merely good practice.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# Room for what stands above and below a notebook's cells.
_AROUND = 400

_RUN = """async (element, options) => {
  // JupyterLab's body has no height, and hides what overflows it: axe would take everything in it for unseen.
  document.body.style.minHeight = '100vh';
  const {violations, incomplete, passes} = await axe.run(element, options);
  document.body.style.minHeight = '';
  const told = ({id, impact, help, nodes}) => nodes.map(({target, html, failureSummary}) => ({
    id, impact, help, target: target.flat().join(' '), html, why: failureSummary ?? ''}));
  const contrasts = [violations, incomplete, passes].flat().filter(rule => rule.id === 'color-contrast');
  const judged = new Set(contrasts.flatMap(rule => rule.nodes).map(node => document.querySelector(node.target[0])));
  // What cannot be used now need not have the contrast, nor need the label that belongs to it.
  const isOff = one => one.closest('[aria-disabled=true], :disabled') || one.control?.disabled;
  const isSeen = one => one.checkVisibility({visibilityProperty: true}) && one.getBoundingClientRect().width > 2;
  const hasWords = one => [...one.childNodes].some(node => node.nodeType === 3 && /\\w/.test(node.textContent));
  const missed = [...element.querySelectorAll('*')]
    .filter(one => hasWords(one) && isSeen(one) && !isOff(one) && !judged.has(one)).map(one => one.outerHTML);
  return {violations: violations.flatMap(told), incomplete: incomplete.flatMap(told), missed,
    judged: judged.size};
}"""
# The window follows its new size after a while, and Lab draws the cells around anew.
_WHOLE_IN_VIEW = """element => {
  element.scrollIntoView({block: 'center'});
  const {left, top, bottom} = element.getBoundingClientRect();
  return [top + 4, bottom - 4].every(y => element.contains(document.elementFromPoint(left + 40, y)));
}"""
# Until the kernel has answered, and for some frames nothing is drawn; what never rests is judged as it then is.
_AT_REST = """async element => {
  if (window.stitchnbTest) await stitchnbTest.settled({timeout: 60_000});
  let isDrawn = false;
  const observer = new MutationObserver(() => { isDrawn = true; });
  observer.observe(element, {subtree: true, childList: true, attributes: true, characterData: true});
  for (let still = 0, left = 100; still < 6 && left > 0; left -= 1) {
    isDrawn = false;
    await new Promise(requestAnimationFrame);
    still = isDrawn ? 0 : still + 1;
  }
  observer.disconnect();
}"""
# Only what a guide itself shows: its texts and its outputs.
_RUN_GUIDE = """async ([include, tags, off]) => {
  document.body.style.minHeight = '100vh';
  const rules = Object.fromEntries(off.map(id => [id, {enabled: false}]));
  const {violations, passes} = await axe.run({include}, {runOnly: {type: 'tag', values: tags}, rules});
  document.body.style.minHeight = '';
  return {
    judged: passes.filter(rule => rule.id === 'color-contrast').flatMap(rule => rule.nodes).length,
    violations: violations.flatMap(({id, impact, help, nodes}) => nodes.map(node =>
      ({id, impact, help, target: node.target.flat().join(' '), html: node.html, why: node.failureSummary ?? ''}))),
  };
}"""
_OF_GUIDE = (".jp-Notebook .jp-RenderedMarkdown", ".jp-Notebook .jp-OutputArea-output")
# JupyterLab draws links without a line below them, and pandas leaves the corner of its tables empty.
_NOT_OURS = ("link-in-text-block", "empty-table-header")
_NO_WORDS = "Element content contains only non-text characters"


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def expect_accessible(part: Locator) -> None:
    """Have axe-core judge a part of a page by itself, such as one widget, and fail with what it finds.

    What axe cannot decide counts as wrong, and so do words whose contrast it did not look at. Only a sign that is no
    text, such as a tick, may stay undecided.
    """
    found = _run(part)
    wrong = [_words(one) for one in found["violations"]]
    wrong += [_words(one, "not decided: ") for one in found["incomplete"] if _NO_WORDS not in one["why"]]
    wrong += [f"- contrast not looked at: {html[:200]}" for html in found["missed"]]
    assert found["judged"], "axe-core looked at no contrast: nothing is shown here"
    assert not wrong, "axe-core:\n" + "\n".join(wrong)


def expect_guide_accessible(page: Page) -> None:
    """Have axe-core judge all texts and outputs of the open notebook, wholly in view, and fail with its finds."""
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(_axe())
    found = page.evaluate(_RUN_GUIDE, [[[part] for part in _OF_GUIDE], list(TAGS), list(_NOT_OURS)])
    assert found["judged"] > 20, "axe-core looked at hardly any contrast: is the notebook in view?"
    assert not found["violations"], "axe-core:\n" + "\n".join(map(_words, found["violations"]))


def _run(part: Locator) -> dict[str, Any]:
    expect(part).to_be_visible()
    page = part.page
    if not page.evaluate("() => typeof axe === 'object'"):
        page.evaluate(_axe())
    part.evaluate(_AT_REST)
    size, box = page.viewport_size, part.bounding_box()
    assert size
    assert box
    # Contrasts are only judged where the window shows them, so it becomes as tall as that needs.
    page.set_viewport_size({"width": size["width"], "height": max(size["height"], int(box["height"]) + _AROUND)})
    page.wait_for_function(_WHOLE_IN_VIEW, arg=part.element_handle())
    found: dict[str, Any] = part.evaluate(_RUN, {"runOnly": {"type": "tag", "values": list(TAGS)}})
    page.set_viewport_size(size)
    return found


def _words(one: dict[str, Any], before: str = "") -> str:
    why = " ".join(one["why"].split())
    return f"- {before}{one['id']} ({one['impact']}): {one['help']}\n  {one['target']}\n  {one['html'][:200]}\n  {why}"
