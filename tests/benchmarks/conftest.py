"""Benchmarks measure both sides of a claim in one run and print what they found."""

from collections.abc import Iterator

import pytest
from measuring import Report

from stitchnb.sandbox import Sandbox


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Print a line however pytest was called."""

    def line(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return line


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(pace_s=0) as sandbox:
        yield sandbox
