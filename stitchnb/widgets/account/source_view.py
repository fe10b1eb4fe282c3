"""What is shown of one source: its wizard, and below it its jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from stitchnb.rules.report_cards.products import TypeKind, type_kind
from stitchnb.widgets.jobs.source_jobs import SourceJobs
from stitchnb.widgets.wizard.wizard import SourceWizard

if TYPE_CHECKING:
    from stitchnb.client import Client


class SourceDesk(ipywidgets.VBox):
    """A source's wizard and its jobs, or the wizard of a source that is still to be made.

    Parameters
    ----------
    on_source
        Is called with this desk whenever Stitch has told something of the source.
    """

    _jobs: SourceJobs | None = None
    _is_closed = False

    def __init__(self, client: Client, source_id: int | None, *, on_source: Callable[[SourceDesk], None]) -> None:
        self._client = client
        self._on_source = on_source
        self.wizard = SourceWizard(client, source=source_id)
        super().__init__([self.wizard])
        self._take()
        self.wizard.observe(self._changed, "source")

    @property
    def source_id(self) -> int | None:
        """The source's id; None while it is not created."""
        return self.wizard.source.id if self.wizard.source is not None else None

    @property
    def jobs(self) -> SourceJobs | None:
        """Its jobs; None while it is not created, and where rows are pushed to it."""
        return self._jobs

    def close(self) -> None:
        """Stop looking at anything, and let go of every widget; a job goes on."""
        self._is_closed = True
        self.wizard.unobserve_all("source")
        self.wizard.close()
        if self._jobs is not None:
            self._jobs.close()
        super().close()

    def _changed(self, change: dict[str, Any]) -> None:
        # What was watched in the background may still tell something after the desk was left.
        if not self._is_closed:
            self._take()
            self._on_source(self)

    def _take(self) -> None:
        source = self.wizard.source
        if source is None or type_kind(source.report_card) is TypeKind.PUSH:
            return
        if self._jobs is None:
            self._jobs = SourceJobs(self._client, source)
            self.children = [self.wizard, self._jobs]
        else:
            self._jobs.told(source)
