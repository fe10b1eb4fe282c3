"""Forms as axe-core judges them: every name, label, role and contrast, in both themes and at two widths."""

from collections.abc import Callable

import pytest
from accessibility import expect_accessible
from form_views import FORM, MANY, ODD, RICH, Form, fill_in
from playwright.sync_api import expect


def shown(form: Form, index: int) -> Form:
    """Scroll to the form of another cell."""
    return Form(form.notebook, form.notebook.output(index))


def judge(form: Form) -> None:
    expect_accessible(form.root.locator(".stitchnb"))


def judge_in_every_look(form: Form) -> None:
    for _ in form.notebook.looks():
        judge(form)


def test_the_forms_of_the_catalogue_are_accessible(show: Callable[..., Form]) -> None:
    form = show(*RICH.values(), width=800)
    for index in range(1, len(RICH) + 1):
        one = shown(form, index)
        one.root.locator("details").evaluate_all("all => all.forEach(d => { d.open = true; })")
        judge_in_every_look(one)


def test_forms_that_are_wrong_closed_or_opened_as_code_are_accessible(show: Callable[..., Form]) -> None:
    form = show(FORM, ODD, MANY, "change = SourceForm(account, source=233312)\nchange", width=800)
    first = shown(form, 1)
    first.root.get_by_role("button", name="Create source").press("Enter")
    expect(first.error("quota_limit")).not_to_have_text("")
    judge_in_every_look(first)
    fill_in(first)
    first.root.get_by_role("button", name="Create source").click()
    expect(first.root.get_by_role("alert")).to_contain_text("Created source")
    judge_in_every_look(first)
    odd = shown(form, 2)
    odd.root.get_by_role("button", name="Edit as JSON: Report definitions").click()
    judge_in_every_look(odd)
    many = shown(form, 3)
    many.field("Cron schedule").check()
    many.field("Cron expression").fill("0 0 12 ? * MON-FRI")
    many.root.get_by_role("button", name="Add to Reports").click()
    many.root.get_by_role("button", name="Copy as Python").click()
    expect(many.root.get_by_label("The form as code")).to_be_visible()
    judge_in_every_look(many)
    judge_in_every_look(shown(form, 4))


def test_a_colour_too_pale_and_an_input_without_its_name_would_be_found(show: Callable[..., Form]) -> None:
    form = show(FORM)
    form.notebook.set_theme("light")
    grey = "(e, colour) => e.style.setProperty('--sn-quiet', colour)"
    form.root.locator(".stitchnb").evaluate(grey, "#aaa")
    with pytest.raises(AssertionError, match="color-contrast"):
        judge(form)
    form.root.locator(".stitchnb").evaluate(grey, "#555")
    judge(form)
    form.field("Subdomain").evaluate("e => document.querySelector(`label[for=${e.id}]`).removeAttribute('for')")
    with pytest.raises(AssertionError, match="label"):
        judge(form)
