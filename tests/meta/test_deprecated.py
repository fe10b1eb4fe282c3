"""Names of the last release work, and warn with the new name at the line that uses them."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest

import stitchnb
from stitchnb import client, errors, plots
from stitchnb._deprecated import renamed_parameters
from stitchnb.errors import SelectionApplyError, StitchError

NAMES: list[tuple[Any, str, str]] = [
    (errors, "SelectionNotAppliedError", "SelectionApplyError"),
    (errors, "SelectionNotKeptError", "SelectionVerificationError"),
    (client, "JobLook", "JobStatus"),
    (client, "Records", "RecordList"),
    (plots, "Picture", "Figure"),
]


@pytest.mark.parametrize(("module", "old", "new"), NAMES, ids=[case[1] for case in NAMES])
def test_an_old_name_is_the_new_one(module: Any, old: str, new: str) -> None:
    with pytest.warns(
        DeprecationWarning, match=f"{old} is deprecated and will be removed in the next release. Use {new}."
    ) as caught:
        assert getattr(module, old) is getattr(module, new)
    assert caught[0].filename == __file__
    assert old not in dir(module)


def test_a_name_that_never_was_is_an_attribute_error() -> None:
    for module in (errors, client, plots):
        with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
            _ = module.nothing


def test_an_old_attribute_is_the_new_one() -> None:
    error = SelectionApplyError(applied=[1], not_applied=[], uncertain=[2], cause=StitchError("x"))

    with pytest.warns(
        DeprecationWarning,
        match=r"\.unsure is deprecated .* Use SelectionApplyError\.uncertain\.",
    ):
        assert error.unsure == (2,)


CALLS: list[tuple[Callable[[Any], Any], str, str]] = [
    (lambda source: source.check().wait(progress=False), "wait(progress=)", "show_progress="),
    (lambda source: source.catalog(at_most=1, load=False), "catalog(at_most=)", "max_concurrency="),
    (
        lambda source: source.catalog(progress=False, load=False),
        "catalog(progress=)",
        "show_progress=",
    ),
]


@pytest.mark.parametrize(("call", "old", "new"), CALLS, ids=[case[1] for case in CALLS])
def test_an_old_parameter_is_the_new_one(call: Callable[[Any], Any], old: str, new: str) -> None:
    properties = {"start_date": "2026-01-01T00:00:00Z", "api_key": "k", "quota_limit": "30", "subdomain": "acme"}
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        source = sandbox.client().sources.create("platform.recurly", display_name="R", properties=properties)
        sandbox.wait_idle()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert call(source) is not None
    expected = f"{old} is deprecated and will be removed in the next release. Use {new}."
    assert [str(one.message) for one in caught] == [expected]
    assert caught[0].filename == __file__


def test_both_names_at_once_are_refused() -> None:
    @renamed_parameters(old="new")
    def function(*, new: int = 0) -> int:
        return new

    assert function(new=1) == 1
    with pytest.raises(TypeError, match="got both old and new"):
        function(new=1, old=2)  # type: ignore[call-arg]
