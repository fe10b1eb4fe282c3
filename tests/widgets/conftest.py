"""Fixtures for widgets without a browser."""

import comm
import pytest
from form_page import Wire


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Everything that widgets send during the test."""
    recorded = Wire()
    monkeypatch.setattr(comm.DummyComm, "publish_msg", lambda self, *a, **k: recorded.record(self, *a, **k))
    return recorded
