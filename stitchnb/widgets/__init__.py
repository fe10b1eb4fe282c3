"""Widgets: what a report card, a schema or a job looks like in a notebook. Loaded when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stitchnb.widgets.account_browser import AccountBrowser
    from stitchnb.widgets.account_page import AccountPage
    from stitchnb.widgets.destination_form import DestinationForm
    from stitchnb.widgets.fields import FormField
    from stitchnb.widgets.form import ConnectionForm, UnknownFieldError
    from stitchnb.widgets.job_monitor import JobMonitor
    from stitchnb.widgets.source_form import SourceForm
    from stitchnb.widgets.source_jobs import SourceJobs
    from stitchnb.widgets.stream_picker import StreamPicker
    from stitchnb.widgets.wizard import SourceWizard

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
    "AccountBrowser": "account_browser",
    "AccountPage": "account_page",
    "ConnectionForm": "form",
    "DestinationForm": "destination_form",
    "FormField": "fields",
    "JobMonitor": "job_monitor",
    "SourceForm": "source_form",
    "SourceJobs": "source_jobs",
    "SourceWizard": "wizard",
    "StreamPicker": "stream_picker",
    "UnknownFieldError": "form",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
