"""From a source type to rows that have landed, step by step."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

import ipywidgets
import traitlets

from stitchnb.errors import InvalidInputError, StitchError, WaitTimeoutError
from stitchnb.widgets._argument_checks import require_client, require_type, source_id_of
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.wizard.controller import Course
from stitchnb.widgets.wizard.progress import RUN, TYPE, WizardStep
from stitchnb.widgets.wizard.steps_fields import FieldsStage
from stitchnb.widgets.wizard.steps_form import FormStage
from stitchnb.widgets.wizard.steps_run import RunStage

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb import models
    from stitchnb.client import Client, Job, Source
    from stitchnb.widgets.form.source import SourceForm
    from stitchnb.widgets.picker.picker import StreamPicker


class SourceWizard(ipywidgets.VBox):
    """Leads from a source type to rows that have landed: every step of *that* type's report card, and the job.

    One may leave it and come back: what has been done is at Stitch, and ``SourceWizard(client, source=…)`` goes on
    where the source stands. What was typed or chosen in a step and not saved is there again when one comes back to it,
    as long as the wizard is open. Checks and jobs are watched in the background, so that the notebook stays usable.

    Parameters
    ----------
    client
        The account. Of a sandbox, the rows can be looked at too.
    type
        The source type to begin with, such as ``platform.recurly``; None begins with a gallery of all types.
    source
        A source that is there, or its id, to go on with. It is asked for anew.

    Attributes
    ----------
    source
        The source, as Stitch last told it; None until it is created. It can be observed.
    step
        The step that is shown: ``type``, a step of the report card (``form``, ``oauth``, ``discover_schema``,
        ``field_selection``), ``schedule``, ``run`` or ``rows``. It can be observed.

    Raises
    ------
    UnknownSourceTypeError
        When there is no such type; near ones are offered.
    InvalidInputError
        When the account may not use the type, or the source was deleted, or something else was given.
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
    _course: Course

    def __init__(self, client: Client, type: str | None = None, *, source: models.Source | int | None = None) -> None:
        require_client(client, "SourceWizard")
        require_type(type, "SourceWizard", "source")
        if type is not None and source is not None:
            raise InvalidInputError("Give either the type of a new source, or the one to go on with.")
        self.client = client
        found = _found(client, source) if source is not None else None
        # The schedule of a source that was there before is known.
        course = Course(client, is_new=found is None, on_source=self._take, on_show=self._show)
        self._course = course
        super().__init__([course.head], _dom_classes=("sn-wizard",))
        try:
            course.begin(found, type)
        except StitchError:
            self.close()
            raise

    def _take(self, source: Source) -> None:
        self.source = source

    def _show(self, step: str, widgets: list[ipywidgets.DOMWidget]) -> None:
        self.step = step
        self.children = widgets

    def choose(self, type: str) -> Self:
        """Choose the type of a new source, by its API name.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; near ones are offered.
        InvalidInputError
            When the account may not use it, or the source is there already.
        """
        self._course.choose(type)
        return self

    def go(self, step: str) -> None:
        """Show a step: one that was done, the current one, or of a configured source any.

        Raises
        ------
        InvalidInputError
            When there is no such step, or its turn has not come.
        """
        self._course.go(step)

    @property
    def steps(self) -> list[WizardStep]:
        """Every step, and how it stands."""
        return self._course.steps

    @property
    def form(self) -> SourceForm:
        """The form that is shown, in the steps ``form`` and ``schedule``.

        Raises
        ------
        InvalidInputError
            When no form is shown now.
        """
        stage = self._course.stage
        if isinstance(stage, FormStage):
            return stage.widget
        raise InvalidInputError(f"No form is shown in step {self.step!r}: wizard.go('form') shows it.")

    @property
    def picker(self) -> StreamPicker:
        """The picker of streams and fields, in the step ``field_selection``.

        Raises
        ------
        InvalidInputError
            When it is not shown now.
        """
        stage = self._course.stage
        if isinstance(stage, FieldsStage):
            return stage.widget
        raise InvalidInputError(
            f"The picker is not shown in step {self.step!r}: wizard.go('field_selection') shows it."
        )

    def start_job(self) -> Job:
        """Start a job, as the button in the step ``run`` does; `wait` waits for its end.

        Raises
        ------
        AlreadyRunningError
            When one is under way.
        """
        course = self._course
        with course.lock:
            if not isinstance(course.stage, RunStage):
                course.go(RUN)
            assert isinstance(course.stage, RunStage)  # noqa: S101 - `go` has shown it
            return course.stage.start()

    def wait(self, *, timeout_s: float = 300) -> Self:
        """Wait until nothing goes on in the background: a check, or a job.

        Raises
        ------
        WaitTimeoutError
            When something still does after that many seconds; waiting again is safe.
        """
        deadline = time.monotonic() + timeout_s
        seen: set[Watcher] = set()
        while (watcher := self._awaited()) is not None and watcher not in seen:
            if not watcher.join(max(0.0, deadline - time.monotonic())):
                raise WaitTimeoutError(f"Step {self.step!r} still goes on after {timeout_s:g} seconds. Wait again.")
            seen.add(watcher)
        return self

    def _awaited(self) -> Watcher | None:
        stage = self._course.stage
        return stage.watcher if stage is not None and stage.ends_by_itself else None

    def to_frame(self) -> pd.DataFrame:
        """Show the steps as a DataFrame: one row per step, in order: ``step``, ``title``, ``state`` (string)."""
        import pandas as pd

        steps = self.steps
        told = {
            "step": [s.name for s in steps],
            "title": [s.title for s in steps],
            "state": [str(s.state) for s in steps],
        }
        return pd.DataFrame(told, dtype="string")

    def close(self) -> None:
        """Stop looking at anything, forget what was typed and not saved, and let go of every widget."""
        # One that was refused at its beginning is closed too, and has nothing yet.
        if "_course" in vars(self):
            self._course.close()
        super().close()

    def __repr__(self) -> str:
        return f"SourceWizard({self._course!r})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._course.head._table()
        return bundle


def _found(client: Client, given: models.Source | int) -> Source:
    source = client.sources.get(source_id_of(given, "SourceWizard"))
    if source.state == "deleted":
        raise InvalidInputError(f"Source {source.id} was deleted: there is nothing to go on with. Create a new one.")
    return source
