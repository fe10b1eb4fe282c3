"""Every example in the README and in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import stitchnb

ROOT = Path(__file__).resolve().parents[2]
MODULES = [module.name for module in pkgutil.walk_packages(stitchnb.__path__, "stitchnb.")]


def test_the_examples_of_the_readme_run() -> None:
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)

    assert result.attempted >= 10
    assert result.failed == 0


def test_the_examples_of_docstrings_run() -> None:
    attempted, faults = 0, []
    for name in MODULES:
        result = doctest.testmod(importlib.import_module(name), extraglobs={"stitchnb": stitchnb})
        attempted += result.attempted
        if result.failed:
            # What an example printed, and what it should have, is in the captured output.
            faults.append(f"{name}: {result.failed} of {result.attempted} examples failed")

    assert attempted > 0
    assert faults == []
