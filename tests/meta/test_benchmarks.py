"""The documented command for benchmarks finds every one of them: the gate measures none, and would not see it break."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARKED = re.compile(r"\bpytest\.mark\.benchmark\b")


@pytest.mark.slow
def test_the_documented_command_collects_every_benchmark() -> None:
    page = (ROOT / "notebooks" / "pages" / "benchmarks.md").read_text("utf-8")
    (arguments,) = re.findall(r"^uv run --group bench pytest (.+)$", page, re.MULTILINE)
    program = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command = [*program, *shlex.split(arguments)]
    collected = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert collected.returncode == 0, collected.stdout
    files = {line.partition("::")[0] for line in collected.stdout.splitlines() if "::" in line}
    marked = {file for file in ROOT.glob("tests/*/test_*.py") if MARKED.search(file.read_text("utf-8"))}
    assert files == {file.relative_to(ROOT).as_posix() for file in marked}
