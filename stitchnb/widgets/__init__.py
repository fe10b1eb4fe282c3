"""Widgets: what a report card, a schema or a job looks like in a notebook. Loaded when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.widgets.account.browser import AccountBrowser
    from stitchnb.widgets.account.page import AccountPage
    from stitchnb.widgets.form.destination import DestinationForm
    from stitchnb.widgets.form.fields import FormField
    from stitchnb.widgets.form.form import ConnectionForm
    from stitchnb.widgets.form.model import UnknownFieldError
    from stitchnb.widgets.form.source import SourceForm
    from stitchnb.widgets.jobs.monitor import JobMonitor
    from stitchnb.widgets.jobs.source_jobs import SourceJobs
    from stitchnb.widgets.picker.picker import StreamPicker
    from stitchnb.widgets.wizard.wizard import SourceWizard

__all__ = [
    "AccountBrowser",
    "AccountPage",
    "ConnectionForm",
    "DestinationForm",
    "FormField",
    "JobMonitor",
    "SourceForm",
    "SourceJobs",
    "SourceWizard",
    "StreamPicker",
    "UnknownFieldError",
]

_HOMES = {
    "AccountBrowser": "account.browser",
    "AccountPage": "account.page",
    "ConnectionForm": "form.form",
    "DestinationForm": "form.destination",
    "FormField": "form.fields",
    "JobMonitor": "jobs.monitor",
    "SourceForm": "form.source",
    "SourceJobs": "jobs.source_jobs",
    "SourceWizard": "wizard.wizard",
    "StreamPicker": "picker.picker",
    "UnknownFieldError": "form.model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
