"""From a source type to the first rows, step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

import ipywidgets
import traitlets

from stitchnb.errors import InvalidInputError, StitchError, WaitTimeoutError
from stitchnb.widgets._argument_checks import require_client, require_type, source_id_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.wizard.controller import WizardController
from stitchnb.widgets.wizard.step import RUN, TYPE, StepStatus
from stitchnb.widgets.wizard.steps_fields import FieldsStep
from stitchnb.widgets.wizard.steps_form import FormStep
from stitchnb.widgets.wizard.steps_run import RunStep

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb import models
    from stitchnb.client import Client, Job, Source
    from stitchnb.widgets.form.source import SourceForm
    from stitchnb.widgets.picker.picker import StreamPicker


class SourceWizard(ipywidgets.VBox):
    """Creates a source and runs its first job, step by step: every step of the type's report card, then the job.

    You can leave and come back: Stitch keeps what is done, and ``SourceWizard(client, source=…)`` resumes at the
    source's current step. Unsaved changes in a step are kept as long as the wizard is open. Checks and jobs are watched
    in the background, so that the notebook stays usable.

    Parameters
    ----------
    client
        The account. With a sandbox, the wizard can show the rows too.
    type
        The source type, such as ``platform.recurly``; None starts with a gallery of all types.
    source
        An existing source, or its id. It is fetched again.

    Attributes
    ----------
    source
        The source as Stitch last returned it; None until it is created. It can be observed.
    step
        The step that is shown: ``type``, a step of the report card (``form``, ``oauth``, ``discover_schema``,
        ``field_selection``), ``schedule``, ``run`` or ``rows``. It can be observed.

    Raises
    ------
    UnknownSourceTypeError
        When there is no such type; the message lists similar ones.
    InvalidInputError
        When the account has no access to the type, the source was deleted, or an argument is wrong.
    NotFoundError
        When there is no such source.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True, pace_s=0)
    >>> wizard = stitchnb.SourceWizard(client, "platform.recurly")
    >>> form = wizard.form
    >>> form["api_key"].value, form["subdomain"].value, form["quota_limit"].value = "a-key", "acme", "30"
    >>> form.submit().name
    'recurly'
    >>> wizard.wait().step
    'field_selection'
    >>> wizard.close()
    >>> client.close()
    """

    source = traitlets.Any(None, allow_none=True)
    step = traitlets.Unicode(TYPE)
    _controller: WizardController

    def __init__(self, client: Client, type: str | None = None, *, source: models.Source | int | None = None) -> None:
        require_client(client, "SourceWizard")
        require_type(type, "SourceWizard", "source")
        if type is not None and source is not None:
            raise InvalidInputError("Pass either the type of a new source or an existing source, not both.")
        self.client = client
        existing = _load_source(client, source) if source is not None else None
        controller = WizardController(client, is_new=existing is None, on_source=self._store, on_show=self._show)
        self._controller = controller
        super().__init__([controller.head], _dom_classes=("sn-wizard",))
        try:
            controller.begin(existing, type)
        except StitchError:
            self.close()
            raise

    def _store(self, source: Source) -> None:
        self.source = source

    def _show(self, step: str, widgets: list[ipywidgets.DOMWidget]) -> None:
        self.step = step
        self.children = widgets

    def choose(self, type: str) -> Self:
        """Choose the type of a new source, by its API name.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; the message lists similar ones.
        InvalidInputError
            When the account has no access to it, or the source exists already.
        """
        self._controller.choose(type)
        return self

    def go(self, step: str) -> None:
        """Show a step: a finished one, the current one, or any step of a configured source.

        Raises
        ------
        InvalidInputError
            When there is no such step, or earlier steps are not finished.
        """
        self._controller.go(step)

    @property
    def steps(self) -> list[StepStatus]:
        """Every step with its state."""
        return self._controller.steps

    @property
    def form(self) -> SourceForm:
        """The form of the steps ``form`` and ``schedule``.

        Raises
        ------
        InvalidInputError
            When no form is shown.
        """
        shown = self._controller.shown
        if isinstance(shown, FormStep):
            return shown.widget
        raise InvalidInputError(f"Step {self.step!r} shows no form. Call wizard.go('form').")

    @property
    def picker(self) -> StreamPicker:
        """The stream picker of the step ``field_selection``.

        Raises
        ------
        InvalidInputError
            When it is not shown.
        """
        shown = self._controller.shown
        if isinstance(shown, FieldsStep):
            return shown.widget
        raise InvalidInputError(f"Step {self.step!r} shows no picker. Call wizard.go('field_selection').")

    def start_job(self) -> Job:
        """Start a job, as the button of the step ``run`` does; `wait` waits for it to finish.

        Raises
        ------
        AlreadyRunningError
            When a job is running.
        """
        controller = self._controller
        with controller.lock:
            if not isinstance(controller.shown, RunStep):
                controller.go(RUN)
            assert isinstance(controller.shown, RunStep)  # noqa: S101 - `go` shows it
            return controller.shown.start()

    def wait(self, *, timeout_s: float = 300) -> Self:
        """Wait for the running connection check or job.

        Raises
        ------
        WaitTimeoutError
            When it is still running after that many seconds. You can wait again.
        """
        deadline = time.monotonic() + timeout_s
        seen: set[Watcher] = set()
        while (watcher := self._awaited()) is not None and watcher not in seen:
            if not watcher.join(max(0.0, deadline - time.monotonic())):
                raise WaitTimeoutError(f"Step {self.step!r} is still running after {timeout_s:g} seconds. Wait again.")
            seen.add(watcher)
        return self

    def _awaited(self) -> Watcher | None:
        shown = self._controller.shown
        return shown.watcher if shown is not None and shown.ends_automatically else None

    def to_frame(self) -> pd.DataFrame:
        """Return the steps as a DataFrame: one row per step, with ``step``, ``title`` and ``state`` (string)."""
        import pandas as pd

        steps = self.steps
        columns = {
            "step": [s.name for s in steps],
            "title": [s.title for s in steps],
            "state": [str(s.state) for s in steps],
        }
        return pd.DataFrame(columns, dtype="string")

    def close(self) -> None:
        """Stop the background work, drop unsaved changes, and close every widget."""
        # After an error in the constructor there is no controller.
        if "_controller" in vars(self):
            self._controller.close()
        super().close()

    def __repr__(self) -> str:
        return f"SourceWizard({self._controller!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._controller.head._table()
        return bundle


def _load_source(client: Client, source_or_id: models.Source | int) -> Source:
    source = client.sources.get(source_id_of(source_or_id, "SourceWizard"))
    if source.state == "deleted":
        raise InvalidInputError(f"Source {source.id} was deleted. Create a new one.")
    return source
