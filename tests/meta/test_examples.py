"""Every example in a docstring runs and prints what it says."""

import doctest
import importlib
import pkgutil

import stitchnb

MODULES = [module.name for module in pkgutil.walk_packages(stitchnb.__path__, "stitchnb.")]


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
