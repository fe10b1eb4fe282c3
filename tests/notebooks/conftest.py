"""Guides are run without a browser here; those of the last release have no outputs that nbval could compare."""

from collections.abc import Iterator

import pytest
from guide_kernels import GuideKernels

collect_ignore = ["released"]


@pytest.fixture(scope="session")
def guide_kernels() -> Iterator[GuideKernels]:
    """Run notebooks, each in a kernel that nothing else was run in, with this process's environment."""
    with GuideKernels() as kernels:
        yield kernels
