"""Taps for the tests of connectors."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from singer_taps import Taps, path_with


@pytest.fixture
def taps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taps]:
    """A folder for taps, which is on PATH; nothing that was started from it is left running afterwards."""
    folder = tmp_path / "taps"
    folder.mkdir()
    monkeypatch.setenv("PATH", path_with(folder))
    taps = Taps(folder)
    yield taps
    assert taps.still_running() == []
