"""A run that lacks a program of the machine says so in one line, however many tests need it."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_test_that_needs_chromium_is_in_one_line() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment["STITCHNB_CHROMIUM"] = "/nowhere/chromium"
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", "tests/browser/test_form_in_lab.py"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)

    (number,) = re.findall(r"^=+ (\d+) skipped.* in .*=$", done.stdout, re.MULTILINE)
    assert int(number) > 1
    lines = re.findall(r"^SKIPPED .*", done.stdout, re.MULTILINE)
    assert [line.partition(" Browser")[0] for line in lines] == [f"SKIPPED [{number}]"]
    assert re.search(r"To install it: (apt-get|brew) install .*chromium$", lines[0])
