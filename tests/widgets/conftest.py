"""Fixtures for widgets without a browser."""

import contextlib
from collections.abc import Iterator

import comm
import pytest
from form_page import Wire
from wizard_page import NOW, Begin

import stitchnb
from stitchnb.widgets.wizard.wizard import SourceWizard


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Everything that widgets send during the test."""
    recorded = Wire()
    monkeypatch.setattr(comm.DummyComm, "publish_msg", lambda self, *a, **k: recorded.record(self, *a, **k))
    return recorded


@pytest.fixture
def sandbox() -> Iterator[stitchnb.Sandbox]:
    """A sandbox at the end of a Friday, whose jobs take no time."""
    with stitchnb.Sandbox(pace_s=0, clock=NOW) as sandbox:
        yield sandbox


@pytest.fixture
def begin(sandbox: stitchnb.Sandbox) -> Iterator[Begin]:
    """Make wizards that are closed before their sandbox is."""
    client = sandbox.client()
    with contextlib.ExitStack() as wizards:

        def begin(*arguments: object, **named: object) -> SourceWizard:
            wizard = SourceWizard(client, *arguments, **named)  # type: ignore[arg-type]
            wizards.callback(wizard.close)
            return wizard

        yield begin
