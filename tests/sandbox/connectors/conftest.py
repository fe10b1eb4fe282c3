"""Taps for the tests of connectors."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from singer_taps import SilenceClock, Taps, path_with

from stitchnb.sandbox.connectors.singer import process as singer_process


@pytest.fixture
def taps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Taps]:
    """A folder for taps, which is on PATH; nothing that was started from it is left running afterwards."""
    folder = tmp_path / "taps"
    folder.mkdir()
    monkeypatch.setenv("PATH", path_with(folder))
    taps = Taps(folder)
    yield taps
    assert taps.still_running() == []


@pytest.fixture
def silence_clock(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a tap that calls ``be_silent`` be silent for longer than the default limits at once, and no other ever."""
    clock = SilenceClock(taps.folder)
    monkeypatch.setattr(singer_process, "time", SimpleNamespace(monotonic=clock.monotonic))
