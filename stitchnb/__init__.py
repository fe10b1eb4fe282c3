"""Stitch Connect in a notebook.

Everything public is here; each name is only loaded when it is first used, so that importing stitchnb is quick and does
nothing else.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb import errors, frames, models, plots, rules, sandbox
    from stitchnb._help import help
    from stitchnb.client import AsyncClient, AsyncImportClient, Client, ImportClient, create_account
    from stitchnb.embedded import Sandbox, connect
    from stitchnb.errors import StitchError
    from stitchnb.models import ReportCard
    from stitchnb.widgets import (
        AccountBrowser,
        AccountPage,
        ConnectionForm,
        DestinationForm,
        JobMonitor,
        SourceForm,
        SourceWizard,
        StreamPicker,
    )

__version__ = "0.2.0.dev0"

__all__ = [
    "AccountBrowser",
    "AccountPage",
    "AsyncClient",
    "AsyncImportClient",
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
    "help",
    "models",
    "plots",
    "rules",
    "sandbox",
]

_HOMES = {
    "AccountBrowser": "stitchnb.widgets",
    "AccountPage": "stitchnb.widgets",
    "AsyncClient": "stitchnb.client",
    "AsyncImportClient": "stitchnb.client",
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
    "help": "stitchnb._help",
}
_MODULES = ("errors", "frames", "models", "plots", "rules", "sandbox")


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(importlib.import_module(_HOMES[name]), name)
    elif name in _MODULES:
        found = importlib.import_module(f"stitchnb.{name}")
    else:
        raise AttributeError(f"module 'stitchnb' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> "list[str]":
    return [*__all__, "load_ipython_extension", "unload_ipython_extension"]


def load_ipython_extension(ipython: Any) -> None:
    """Load ``%connect``: what ``%load_ext stitchnb`` calls."""
    from stitchnb import magics

    magics.load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take ``%connect`` away again: what ``%unload_ext stitchnb`` calls."""
    from stitchnb import magics

    magics.unload(ipython)
