"""From a source type to rows that have landed, step by step."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Self

import ipywidgets
import traitlets

from stitchnb.errors import InvalidInputError, StitchError, WaitTimeoutError, near_names
from stitchnb.models import ReportCard
from stitchnb.rules.words import type_title
from stitchnb.widgets import _form_spec
from stitchnb.widgets._check_stage import CheckStage
from stitchnb.widgets._fields_stage import FieldsStage
from stitchnb.widgets._form_stages import ChangeStage, CreateStage, ScheduleStage, TypeStage
from stitchnb.widgets._grant_stage import GrantStage
from stitchnb.widgets._rows_stage import RowsStage
from stitchnb.widgets._run_stage import RunStage
from stitchnb.widgets._stage import Stage
from stitchnb.widgets._step_panel import StepPanel, action
from stitchnb.widgets._watching import Watcher
from stitchnb.widgets._wizard_head import WizardHead
from stitchnb.widgets._wizard_steps import (
    CHECK,
    FORM,
    RUN,
    SCHEDULE,
    TYPE,
    StepState,
    WizardStep,
    step_names,
    step_of,
    wizard_steps,
)

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client import Client, Job, Source
    from stitchnb.widgets.source_form import SourceForm
    from stitchnb.widgets.stream_picker import StreamPicker


class SourceWizard(ipywidgets.VBox):
    """Leads from a source type to rows that have landed: every step of *that* type's report card, and the job.

    One may leave it and come back: what has been done is at Stitch, and ``SourceWizard(client, source_id=…)`` goes on
    where the source stands. Checks and jobs are watched in the background, so that the notebook stays usable.

    Parameters
    ----------
    client
        The account. Of a sandbox, the rows can be looked at too.
    type
        The source type to begin with, such as ``platform.recurly``; None begins with a gallery of all types.
    source_id
        A source that is there, to go on with.

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
        When the account may not use the type, or the source was deleted.
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
    _frame: tuple[ipywidgets.DOMWidget, ...] = ()

    def __init__(self, client: Client, type: str | None = None, *, source_id: int | None = None) -> None:
        if type is not None and source_id is not None:
            raise InvalidInputError("Give either the type of a new source, or the id of one to go on with.")
        self.client = client
        # What happens in the background and what is pressed may meet; each changes the wizard as a whole.
        self.lock = threading.RLock()
        self._card: ReportCard | None = None
        self._marks: dict[str, StepState] = {}
        self._stage: Stage | None = None
        # The schedule of a source that was there before is known.
        self._is_new = source_id is None
        found = _found(client, source_id) if source_id is not None else None
        self._head = WizardHead(self.go)
        self._foot = StepPanel("Next", on_press=self._foot_pressed, on_error=self.report)
        self._frame = (self._head, self._foot)
        super().__init__([self._head], _dom_classes=("sn-wizard",))
        try:
            self._begin(found, type)
        except StitchError:
            self.close()
            raise

    def _begin(self, found: Source | None, type: str | None) -> None:
        if found is not None:
            self._take(found)
            self._show(step_of(found.report_card))
        elif type is not None:
            self.choose(type)
        else:
            self._show(TYPE)

    def choose(self, type: str) -> Self:
        """Choose the type of a new source, by its API name.

        Raises
        ------
        UnknownSourceTypeError
            When there is no such type; near ones are offered.
        InvalidInputError
            When the account may not use it, or the source is there already.
        """
        with self.lock:
            if self.source is not None:
                raise InvalidInputError(f"Source {self.source.id} has its type for good: make a new wizard.")
            stage = self._stage if isinstance(self._stage, TypeStage) else TypeStage(self, self._chosen)
            try:
                stage.widget.choose(type)
            finally:
                if stage is not self._stage:
                    stage.end()
        return self

    def go(self, step: str) -> None:
        """Show a step: one that was done, the current one, or of a configured source any.

        Raises
        ------
        InvalidInputError
            When there is no such step, or its turn has not come.
        """
        with self.lock:
            steps = {one.name: one for one in self.steps}
            if step not in steps:
                near = near_names(step, steps) or list(steps)
                raise InvalidInputError(f"There is no step {step!r}. There are {', '.join(near)}.")
            if not steps[step].is_open:
                raise InvalidInputError(_not_yet(steps[step], self.source is not None))
            self._show(step)

    @property
    def steps(self) -> list[WizardStep]:
        """Every step, and how it stands."""
        is_created = self.source is not None
        current = step_of(self.source.report_card) if is_created else FORM if self._card is not None else TYPE
        return wizard_steps(self._card, is_created=is_created, current=current, marks=self._marks)

    @property
    def form(self) -> SourceForm:
        """The form that is shown, in the steps ``form`` and ``schedule``.

        Raises
        ------
        InvalidInputError
            When no form is shown now.
        """
        if isinstance(self._stage, CreateStage | ChangeStage | ScheduleStage):
            return self._stage.widget
        raise InvalidInputError(f"No form is shown in step {self.step!r}: wizard.go('form') shows it.")

    @property
    def picker(self) -> StreamPicker:
        """The picker of streams and fields, in the step ``field_selection``.

        Raises
        ------
        InvalidInputError
            When it is not shown now.
        """
        if isinstance(self._stage, FieldsStage):
            return self._stage.widget
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
        with self.lock:
            if not isinstance(self._stage, RunStage):
                self.go(RUN)
            assert isinstance(self._stage, RunStage)  # noqa: S101 - `go` has shown it
            return self._stage.start()

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
        return self._stage.watcher if self._stage is not None and self._stage.ends_by_itself else None

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
        """Stop looking at anything, and let go of every widget."""
        # One that was refused at its beginning is closed too, and has nothing yet.
        if self._frame:
            with self.lock:
                if self._stage is not None:
                    self._stage.end()
                    self._stage = None
                for widget in self._frame:
                    widget.close()
        super().close()

    @property
    def live_source(self) -> Source:
        """The source, bound to the client; for the wizard's stages."""
        source: Source = self.source
        return source

    def moved(self, source: Source) -> None:
        """Take what Stitch told of the source, and show the step at which it stands; for the wizard's stages."""
        with self.lock:
            self._take(source)
            self._show(step_of(source.report_card, is_new=self._is_new and SCHEDULE not in self._marks))

    def changed(self, source: Source) -> None:
        """Take what Stitch told of a source that was changed, and show its check; for the wizard's stages."""
        with self.lock:
            self._take(source)
            checked = {one.name for one in self.steps if one.name == CHECK and one.is_open}
            self._show(CHECK if checked else step_of(source.report_card), goes_on=True)

    def told(self, source: Source) -> None:
        """Take what Stitch told of the source, and stay; for the wizard's stages."""
        with self.lock:
            self._take(source)
            self._head.tell("")
            self._draw()

    def go_on(self) -> None:
        """Show the step after the one that is shown; for the wizard's stages."""
        with self.lock:
            names = [one.name for one in self.steps]
            self.go(names[names.index(self.step) + 1])

    def mark(self, step: str, state: StepState) -> None:
        """Note how the last try of a step ended; for the wizard's stages."""
        with self.lock:
            self._marks[step] = state
            self._draw()

    def report(self, error: StitchError) -> None:
        """Show what went wrong; for the wizard's stages."""
        with self.lock:
            self._head.tell(str(error))

    def clear(self) -> None:
        """Take away what was shown as wrong; for the wizard's stages."""
        with self.lock:
            self._head.tell("")

    def _chosen(self, card: ReportCard) -> None:
        with self.lock:
            self._card = card
            self._show(FORM)

    def _take(self, source: Source) -> None:
        self._marks.pop(CHECK, None)
        self.source = source
        self._card = source.report_card

    def _show(self, step: str, *, goes_on: bool = False) -> None:
        """Show a step, in the place of the one before; one that `goes_on` is left by itself once it is done."""
        before, self._stage = self._stage, self._stage_of(step, goes_on)
        self._head.tell("")
        self.step = step
        self._draw()
        foot = self._foot_actions()
        self._foot.show([], actions=foot)
        self.children = [self._head, self._stage.widget, *([self._foot] if foot else [])]
        if before is not None:
            before.end()
        self._stage.begin()

    def _stage_of(self, step: str, goes_on: bool) -> Stage:
        match step:
            case "type":
                return TypeStage(self, self._chosen)
            case "form":
                return CreateStage(self, self._card.type_name) if self.source is None else ChangeStage(self)  # type: ignore[union-attr]
            case "discover_schema":
                return CheckStage(self, goes_on=goes_on or step_of(self.live_source.report_card) == CHECK)
            case "field_selection":
                return FieldsStage(self)
            case "schedule":
                self._marks[SCHEDULE] = StepState.DONE
                return ScheduleStage(self)
            case "run":
                return RunStage(self)
            case "rows":
                return RowsStage(self)
            case _:
                return GrantStage(self, step)

    def _draw(self) -> None:
        self._head.show(self._heading(), self.steps, shown=self.step, banner=self._banner())

    def _heading(self) -> _form_spec.Heading:
        if self.source is not None:
            name = self.source.display_name or self.source.name
            return _form_spec.connection_heading(name, f"source {self.source.id}", self.source.state)
        if self._card is not None:
            return _form_spec.type_heading(self._card, type_title(self._card.type_name))
        return _form_spec.Heading("New source", "", "", "mute")

    def _banner(self) -> str:
        if self.source is None or self.source.state != "paused":
            return ""
        if RUN not in step_names(self.source.report_card):
            return "This source is paused: rows that are pushed to it are refused."
        return "This source is paused: its schedule rests. A job can still be started by hand."

    def _foot_actions(self) -> list[dict[str, Any]]:
        return [action(name, words) for name, words in self._stage.foot] if self._stage else []

    def _foot_pressed(self, name: str, value: str) -> None:
        with self.lock:
            if self._stage is not None:
                self._head.tell("")
                self._stage.press(name, value)

    def _summary(self) -> str:
        what = (
            f"source {self.source.id}"
            if self.source is not None
            else self._card.type_name
            if self._card
            else "new source"
        )
        return f"{what}, step {self.step}"

    def __repr__(self) -> str:
        return f"SourceWizard({self._summary()})"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = self._head._table()
        return bundle


def _found(client: Client, source_id: int) -> Source:
    source = client.sources.get(source_id)
    if source.state == "deleted":
        raise InvalidInputError(f"Source {source_id} was deleted: there is nothing to go on with. Create a new one.")
    return source


def _not_yet(step: WizardStep, is_created: bool) -> str:
    if step.name == TYPE and is_created:
        return "A source has its type for good: make a new wizard for another one."
    return f"Step {step.name!r} has not come yet: the steps before it are still to be done."
