"""The way through a wizard: which step is shown, what is known of the source, and what was left unsaved on the way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, StitchError, near_names
from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets.form import spec as _form_spec
from stitchnb.widgets.wizard.head import WizardHead
from stitchnb.widgets.wizard.panel import StepPanel, action
from stitchnb.widgets.wizard.progress import (
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
from stitchnb.widgets.wizard.step import Stage
from stitchnb.widgets.wizard.steps_check import CheckStage, GrantStage
from stitchnb.widgets.wizard.steps_fields import FieldsStage
from stitchnb.widgets.wizard.steps_form import ChangeStage, CreateStage, ScheduleStage, TypeStage
from stitchnb.widgets.wizard.steps_run import RowsStage, RunStage

if TYPE_CHECKING:
    import ipywidgets

    from stitchnb.client import Client, Source


class Course:
    """What a wizard's stages belong to; see `StageOwner` for what they ask of it.

    Parameters
    ----------
    is_new
        The source is still to be made: its schedule is shown once before it is run.
    on_source
        Is called with the source whenever Stitch has told something of it.
    on_show
        Is called with a step's name and what is to be seen, whenever another one is shown.

    Attributes
    ----------
    source, card
        The source as Stitch last told it, and the report card; None until there is one.
    step, stage
        The step that is shown, and what shows it.
    head
        The header with the stepper.
    """

    def __init__(
        self,
        client: Client,
        *,
        is_new: bool,
        on_source: Callable[[Source], None],
        on_show: Callable[[str, list[ipywidgets.DOMWidget]], None],
    ) -> None:
        self.client = client
        # What happens in the background and what is pressed may meet; each changes the wizard as a whole.
        self.lock = threading.RLock()
        self.source: Source | None = None
        self.card: ReportCard | None = None
        self.step = TYPE
        self.stage: Stage | None = None
        self._is_new = is_new
        self._on_source = on_source
        self._on_show = on_show
        self._marks: dict[str, StepState] = {}
        # Drafts may hold credentials: they are here alone, and go with the wizard.
        self._drafts: dict[str, Any] = {}
        self._place = ""
        self._is_restored = False
        self.head = WizardHead(self.go)
        self._foot = StepPanel("Next", on_press=self._foot_pressed, on_error=self.report)

    def begin(self, source: Source | None, type: str | None) -> None:
        """Show the first step: that of a source, of a type, or the gallery."""
        with self.one_update():
            if source is not None:
                self._take(source)
                self._show(step_of(source.report_card))
            elif type is not None:
                self.choose(type)
            else:
                self._show(TYPE)

    def choose(self, type: str) -> None:
        """Choose the type of a new source. See `SourceWizard.choose`."""
        with self.lock:
            if self.source is not None:
                raise InvalidInputError(f"Source {self.source.id} has its type for good: make a new wizard.")
            stage = self.stage if isinstance(self.stage, TypeStage) else TypeStage(self, self._chosen)
            try:
                stage.widget.choose(type)
            finally:
                if stage is not self.stage:
                    stage.end()

    @property
    def steps(self) -> list[WizardStep]:
        """Every step, and how it stands."""
        is_created = self.source is not None
        current = step_of(self.source.report_card) if is_created else FORM if self.card is not None else TYPE  # type: ignore[union-attr]
        unsaved = {step for step in step_names(self.card) if self._place_of(step) in self._drafts}
        # What was left unsaved is so until it is saved, or taken back.
        if self._is_restored and self.stage is not None and self.stage.draft() is not None:
            unsaved.add(self.step)
        return wizard_steps(self.card, is_created=is_created, current=current, marks=self._marks, unsaved=unsaved)

    @property
    def live_source(self) -> Source:
        """The source, bound to the client."""
        if self.source is None:
            raise InvalidInputError("There is no source yet.")
        return self.source

    def go(self, step: str) -> None:
        """Show a step. See `SourceWizard.go`."""
        with self.one_update():
            steps = {one.name: one for one in self.steps}
            if step not in steps:
                near = near_names(step, steps) or list(steps)
                raise InvalidInputError(f"There is no step {step!r}. There are {', '.join(near)}.")
            if not steps[step].is_open:
                raise InvalidInputError(_not_yet(steps[step], self.source is not None))
            self._show(step)

    def go_on(self) -> None:
        """Show the step after the one that is shown."""
        with self.lock:
            names = [one.name for one in self.steps]
            self.go(names[names.index(self.step) + 1])

    def moved(self, source: Source) -> None:
        """Take what Stitch told of the source, and show the step at which it stands."""
        with self.one_update():
            self._take(source)
            self._show(step_of(source.report_card, is_new=self._is_new and SCHEDULE not in self._marks))

    def changed(self, source: Source) -> None:
        """Take what Stitch told of a source that was changed, and show its check."""
        with self.one_update():
            self._take(source)
            checked = {one.name for one in self.steps if one.name == CHECK and one.is_open}
            self._show(CHECK if checked else step_of(source.report_card), goes_on=True)

    def told(self, source: Source) -> None:
        """Take what Stitch told of the source, and stay."""
        with self.one_update():
            self._take(source)
            self.head.tell("")
            self._draw()

    @contextmanager
    def one_update(self) -> Iterator[None]:
        """Have the header sent once, as it is at the end of the block, so that it never shows half of an event."""
        with self.lock, self.head.hold_sync():
            yield

    def redraw(self) -> None:
        """Show how the steps stand now.

        It may be called from within a picker, which waits for nothing: no lock is taken.
        """
        self._draw()

    def mark(self, step: str, state: StepState) -> None:
        """Note how the last try of a step ended."""
        with self.lock:
            self._marks[step] = state
            self._draw()

    def report(self, error: StitchError) -> None:
        """Show what went wrong."""
        with self.lock:
            self.head.tell(str(error))

    def clear(self) -> None:
        """Take away what was shown as wrong."""
        with self.lock:
            self.head.tell("")

    def close(self) -> None:
        """Stop looking at anything, forget what was typed, and let go of every widget."""
        with self.lock:
            self._drafts.clear()
            if self.stage is not None:
                self.stage.end()
                self.stage = None
            self.head.close()
            self._foot.close()

    def _chosen(self, card: ReportCard) -> None:
        with self.one_update():
            self.card = card
            self._show(FORM)

    def _take(self, source: Source) -> None:
        self._marks.pop(CHECK, None)
        if self.source is None:
            # What was typed into forms of other types, or of this one, has come to its end.
            self._drafts.clear()
        self.source = source
        self.card = source.report_card
        self._on_source(source)

    def _place_of(self, step: str) -> str:
        """Name the place at which what was typed in a step is kept: of a new source, each type has its own."""
        if step == FORM and self.source is None and self.card is not None:
            return f"{step} of {self.card.type_name}"
        return step

    def _show(self, step: str, *, goes_on: bool = False) -> None:
        """Show a step, in the place of the one before; one that `goes_on` is left by itself once it is done."""
        before = self.stage
        if before is not None:
            self._remember(before)
        place = self._place_of(step)
        is_restored = place in self._drafts
        self.stage = self._opened(step, goes_on)
        self._place, self._is_restored = place, is_restored
        self.head.tell("")
        self.step = step
        self._draw()
        foot = [action(name, words) for name, words in self.stage.foot]
        self._foot.show([], actions=foot)
        self._on_show(step, [self.head, self.stage.widget, *([self._foot] if foot else [])])
        if before is not None:
            before.end()
        self.stage.begin()

    def _remember(self, left: Stage) -> None:
        draft = left.draft()
        if draft is None:
            self._drafts.pop(self._place, None)
        else:
            self._drafts[self._place] = draft

    def _opened(self, step: str, goes_on: bool) -> Stage:
        """Make a step's stage, with what was left in it unsaved."""
        stage, place = self._stage_of(step, goes_on), self._place_of(step)
        if place in self._drafts:
            try:
                stage.take_up(self._drafts[place])
            except StitchError:
                # One stays where one was, and may come again: nothing of it is lost.
                stage.end()
                raise
            del self._drafts[place]
        if step == SCHEDULE:
            self._marks[SCHEDULE] = StepState.DONE
        return stage

    def _stage_of(self, step: str, goes_on: bool) -> Stage:
        match step:
            case "type":
                return TypeStage(self, self._chosen)
            case "form":
                return CreateStage(self, self.card.type_name) if self.source is None else ChangeStage(self)  # type: ignore[union-attr]
            case "discover_schema":
                return CheckStage(self, goes_on=goes_on or step_of(self.live_source.report_card) == CHECK)
            case "field_selection":
                return FieldsStage(self)
            case "schedule":
                return ScheduleStage(self)
            case "run":
                return RunStage(self)
            case "rows":
                return RowsStage(self)
            case _:
                return GrantStage(self, step)

    def _draw(self) -> None:
        self.head.show(self._heading(), self.steps, shown=self.step, banner=self._banner())

    def _heading(self) -> _form_spec.Heading:
        if self.source is not None:
            name = self.source.display_name or self.source.name
            return _form_spec.connection_heading(name, f"source {self.source.id}", self.source.state)
        if self.card is not None:
            return _form_spec.type_heading(self.card, type_title(self.card.type_name))
        return _form_spec.Heading("New source", "", "", "mute")

    def _banner(self) -> str:
        if self.source is None or self.source.state != "paused":
            return ""
        if RUN not in step_names(self.source.report_card):
            return "This source is paused: rows that are pushed to it are refused."
        return "This source is paused: its schedule rests. A job can still be started by hand."

    def _foot_pressed(self, name: str, value: str) -> None:
        with self.lock:
            if self.stage is not None:
                self.head.tell("")
                self.stage.press(name, value)

    def __repr__(self) -> str:
        if self.source is not None:
            what = f"source {self.source.id}"
        else:
            what = self.card.type_name if self.card is not None else "new source"
        return f"{what}, step {self.step}"


def _not_yet(step: WizardStep, is_created: bool) -> str:
    if step.name == TYPE and is_created:
        return "A source has its type for good: make a new wizard for another one."
    return f"Step {step.name!r} has not come yet: the steps before it are still to be done."
