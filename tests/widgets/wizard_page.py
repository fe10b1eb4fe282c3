"""A wizard at the end of which a sandbox is: how far it is led, and what is pressed in it."""

from collections.abc import Callable

from panel_page import say

from stitchnb.widgets.wizard.panel import StepPanel
from stitchnb.widgets.wizard.wizard import SourceWizard

NOW = "2026-03-20T16:00:00Z"
GOOD = {"api_key": "a-key", "subdomain": "acme", "quota_limit": "30"}

Begin = Callable[..., SourceWizard]


def filled(wizard: SourceWizard, **values: str) -> SourceWizard:
    for name, value in (GOOD | values).items():
        wizard.form[name].value = value
    return wizard


def created(begin: Begin, **values: str) -> SourceWizard:
    """A wizard whose source was created, and its check has ended."""
    wizard = filled(begin("platform.recurly"), **values)
    wizard.form.submit()
    return wizard.wait()


def configured(begin: Begin) -> SourceWizard:
    """A wizard whose source has a stream, at the schedule."""
    wizard = created(begin)
    wizard.source.select("accounts", ["email"])
    foot(wizard, "continue")
    return wizard


def awaiting_access(begin: Begin) -> SourceWizard:
    """A wizard whose source was created, and somebody has still to grant access."""
    wizard = begin("platform.google-ads")
    wizard.form["customer_ids"].value = "1234567890"
    wizard.form["login_customer_ids"].value = [{"customerId": "1234567890", "loginCustomerId": "1234567890"}]
    wizard.form.submit()
    return wizard


def panel(wizard: SourceWizard) -> StepPanel:
    """The panel of the step that is shown."""
    shown = wizard.children[1]
    assert isinstance(shown, StepPanel)
    return shown


def press(wizard: SourceWizard, name: str) -> None:
    say(panel(wizard), "press", name=name)


def foot(wizard: SourceWizard, name: str) -> None:
    """Press a button below the step."""
    below = wizard.children[2]
    assert isinstance(below, StepPanel)
    say(below, "press", name=name)


def states(wizard: SourceWizard) -> dict[str, str]:
    frame = wizard.to_frame()
    return dict(zip(frame["step"], frame["state"], strict=True))
