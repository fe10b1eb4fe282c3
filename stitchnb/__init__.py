"""Stitch Connect in a notebook.

Everything public is here; each name is only loaded when it is first used, so that importing stitchnb is quick and does
nothing else.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb import errors, frames, models, plots, rules
    from stitchnb.client import AsyncClient, Client, ImportClient, create_account
    from stitchnb.embedded import Sandbox, connect
    from stitchnb.errors import StitchError
    from stitchnb.models import ReportCard
    from stitchnb.widgets import (
        AccountBrowser,
        ConnectionForm,
        DestinationForm,
        JobMonitor,
        SourceForm,
        SourceWizard,
        StreamPicker,
    )

__version__ = "0.1.0"

__all__ = [
    "AccountBrowser",
    "AsyncClient",
    "Client",
    "ConnectionForm",
    "DestinationForm",
    "ImportClient",
    "JobMonitor",
    "ReportCard",
    "Sandbox",
    "SourceForm",
    "SourceWizard",
    "StitchError",
    "StreamPicker",
    "__version__",
    "connect",
    "create_account",
    "errors",
    "frames",
    "models",
    "plots",
    "rules",
]

_HOMES = {
    "AccountBrowser": "stitchnb.widgets",
    "AsyncClient": "stitchnb.client",
    "ImportClient": "stitchnb.client",
    "create_account": "stitchnb.client",
    "Client": "stitchnb.client",
    "ConnectionForm": "stitchnb.widgets",
    "DestinationForm": "stitchnb.widgets",
    "JobMonitor": "stitchnb.widgets",
    "ReportCard": "stitchnb.models",
    "Sandbox": "stitchnb.embedded",
    "SourceForm": "stitchnb.widgets",
    "SourceWizard": "stitchnb.widgets",
    "StitchError": "stitchnb.errors",
    "StreamPicker": "stitchnb.widgets",
    "connect": "stitchnb.embedded",
}
_MODULES = ("errors", "frames", "models", "plots", "rules")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(f"stitchnb.{name}")
    else:
        raise AttributeError(f"module 'stitchnb' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
