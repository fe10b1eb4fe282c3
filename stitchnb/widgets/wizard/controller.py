"""What controls a wizard: the step that is shown, the source, and the changes that are not saved."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError, StitchError, near_names
from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets._bridge import MessageError, Panel, asset, text_of
from stitchnb.widgets.form.spec import Heading, connection_heading, type_heading
from stitchnb.widgets.wizard.panel import StepPanel, action
from stitchnb.widgets.wizard.step import (
    CHECK,
    FORM,
    RUN,
    SCHEDULE,
    TYPE,
    StepState,
    StepStatus,
    WizardStep,
    step_names,
    step_of,
    step_statuses,
)
from stitchnb.widgets.wizard.steps_check import CheckStep, GrantStep
from stitchnb.widgets.wizard.steps_fields import FieldsStep
from stitchnb.widgets.wizard.steps_form import ChangeStep, CreateStep, ScheduleStep, TypeStep
from stitchnb.widgets.wizard.steps_run import RowsStep, RunStep

if TYPE_CHECKING:
    import ipywidgets

    from stitchnb.client import Client, Source


class WizardHead(Panel):
    """The top of a wizard: the source, the steps, and the last error.

    Parameters
    ----------
    on_go
        Called with the name of the step that the user clicks.
    """

    _esm = asset("dom.js", "line.js", "wizard_head.js")
    _css = asset("card.css", "wizard.css")

    def __init__(self, on_go: Callable[[str], None]) -> None:
        self._on_go = on_go
        super().__init__(
            {"title": "", "code": "", "chip": {"text": "", "tone": "mute"}, "banner": "", "error": "", "steps": []}
        )

    def show(self, heading: Heading, steps: Sequence[StepStatus], *, shown: str, banner: str = "") -> None:
        """Show the header and the steps; `shown` is the step below."""
        self._content = {
            **self._content,
            "title": heading.title,
            "code": heading.code,
            "chip": {"text": heading.state, "tone": heading.tone},
            "banner": banner,
            "steps": [
                {
                    "type": step.name,
                    "title": step.title,
                    "note": step.note,
                    "state": str(step.state),
                    "open": step.is_open and step.name != shown,
                    "shown": step.name == shown,
                    "unsaved": step.is_unsaved,
                }
                for step in steps
            ],
        }

    @property
    def message(self) -> str:
        """The error that is shown; empty when there is none."""
        return str(self._content["error"])

    @message.setter
    def message(self, message: str) -> None:
        if self._content["error"] != message:
            self._content = {**self._content, "error": message}

    def _handle_message(self, kind: str, content: Mapping[str, Any]) -> None:
        name = text_of(content, "name")
        if kind != "go" or not any(step["type"] == name and step["open"] for step in self._content["steps"]):
            raise MessageError(f"cannot {kind} to {name!r}")
        self._on_go(name)

    def _show_error(self, error: StitchError) -> None:
        self.message = str(error)

    def _table(self) -> str:
        content = self._content
        rows = "".join(
            f"<tr><td>{number}</td><td>{escape(step['title'])}</td><td>{escape(step['state'])}</td></tr>"
            for number, step in enumerate(content["steps"], start=1)
        )
        return (
            f"<p><b>{escape(content['title'])}</b> <code>{escape(content['code'])}</code> "
            f"{escape(content['chip']['text'])}</p>"
            f"<table><thead><tr><th>#</th><th>Step</th><th>State</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def __repr__(self) -> str:
        return f"WizardHead({self._content['title']!r})"


class WizardController:
    """The state of a wizard; see `StepHost` for what its steps use.

    Parameters
    ----------
    is_new
        Is the source still to be created? Its schedule is then shown once before it runs.
    on_source
        Called with the source after every response that holds it.
    on_show
        Called with a step's name and widgets when the step is shown.

    Attributes
    ----------
    source, card
        The source as Stitch last returned it, and its report card; None until there is one.
    step, shown
        The name of the step that is shown, and the step.
    head
        The header with the steps.
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
        # Background work and clicks run in different threads; each changes the whole wizard.
        self.lock = threading.RLock()
        self.source: Source | None = None
        self.card: ReportCard | None = None
        self.step = TYPE
        self.shown: WizardStep | None = None
        self._is_new = is_new
        self._on_source = on_source
        self._on_show = on_show
        self._results: dict[str, StepState] = {}
        # Drafts may hold credentials: they are kept here only, and are dropped with the wizard.
        self._drafts: dict[str, Any] = {}
        self._draft_key = ""
        self._is_restored = False
        self.head = WizardHead(self.go)
        self._footer = StepPanel("Next", on_press=self._press_action, on_error=self.show_error)

    def begin(self, source: Source | None, type: str | None) -> None:
        """Show the first step: the source's current one, the form of a type, or the gallery."""
        with self.one_update():
            if source is not None:
                self._store(source)
                self._show(step_of(source.report_card))
            elif type is not None:
                self.choose(type)
            else:
                self._show(TYPE)

    def choose(self, type: str) -> None:
        """Choose the type of a new source. See `SourceWizard.choose`."""
        with self.lock:
            if self.source is not None:
                raise InvalidInputError(f"The type of source {self.source.id} can't be changed. Start a new wizard.")
            shown = self.shown if isinstance(self.shown, TypeStep) else TypeStep(self, self._chosen)
            try:
                shown.widget.choose(type)
            finally:
                if shown is not self.shown:
                    shown.end()

    @property
    def steps(self) -> list[StepStatus]:
        """Every step with its state."""
        is_created = self.source is not None
        current = step_of(self.source.report_card) if is_created else FORM if self.card is not None else TYPE  # type: ignore[union-attr]
        unsaved = {step for step in step_names(self.card) if self._draft_key_of(step) in self._drafts}
        # Restored changes stay unsaved until they are saved or undone.
        if self._is_restored and self.shown is not None and self.shown.draft() is not None:
            unsaved.add(self.step)
        return step_statuses(self.card, is_created=is_created, current=current, results=self._results, unsaved=unsaved)

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
                raise InvalidInputError(f"There is no step {step!r}. Use one of {', '.join(near)}.")
            if not steps[step].is_open:
                raise InvalidInputError(_why_closed(steps[step], self.source is not None))
            self._show(step)

    def go_to_next(self) -> None:
        """Show the step after the current one."""
        with self.lock:
            names = [one.name for one in self.steps]
            self.go(names[names.index(self.step) + 1])

    def advance(self, source: Source) -> None:
        """Store a source that Stitch returned, and show the step that it has reached."""
        with self.one_update():
            self._store(source)
            self._show(step_of(source.report_card, is_new=self._is_new and SCHEDULE not in self._results))

    def source_changed(self, source: Source) -> None:
        """Store a source whose settings were saved, and show its new connection check."""
        with self.one_update():
            self._store(source)
            checked = {one.name for one in self.steps if one.name == CHECK and one.is_open}
            self._show(CHECK if checked else step_of(source.report_card), advances=True)

    def update_source(self, source: Source) -> None:
        """Store a source that Stitch returned, and stay on the current step."""
        with self.one_update():
            self._store(source)
            self.head.message = ""
            self._draw()

    @contextmanager
    def one_update(self) -> Iterator[None]:
        """Hold the lock, and send the header once at the end of the block, so that it never shows half of a change."""
        with self.lock, self.head.hold_sync():
            yield

    def redraw(self) -> None:
        """Show the current state of the steps.

        A picker calls it while it holds its own lock, so it takes none.
        """
        self._draw()

    def set_status(self, step: str, state: StepState) -> None:
        """Record how the last attempt at a step ended."""
        with self.lock:
            self._results[step] = state
            self._draw()

    def show_error(self, error: StitchError) -> None:
        """Show an error above the step."""
        with self.lock:
            self.head.message = str(error)

    def clear_error(self) -> None:
        """Remove the error above the step."""
        with self.lock:
            self.head.message = ""

    def close(self) -> None:
        """Stop the background work, drop unsaved changes, and close every widget."""
        with self.lock:
            self._drafts.clear()
            if self.shown is not None:
                self.shown.end()
                self.shown = None
            self.head.close()
            self._footer.close()

    def _chosen(self, card: ReportCard) -> None:
        with self.one_update():
            self.card = card
            self._show(FORM)

    def _store(self, source: Source) -> None:
        self._results.pop(CHECK, None)
        if self.source is None:
            # The source exists now, so drafts of forms that would create one are of no use.
            self._drafts.clear()
        self.source = source
        self.card = source.report_card
        self._on_source(source)

    def _draft_key_of(self, step: str) -> str:
        """Return the key of a step's draft: for a new source, each type has its own."""
        if step == FORM and self.source is None and self.card is not None:
            return f"{step} of {self.card.type_name}"
        return step

    def _show(self, step: str, *, advances: bool = False) -> None:
        """Show a step in place of the current one; with `advances`, the next step follows automatically."""
        before = self.shown
        if before is not None:
            self._save_draft(before)
        key = self._draft_key_of(step)
        is_restored = key in self._drafts
        self.shown = self._open_step(step, advances)
        self._draft_key, self._is_restored = key, is_restored
        self.head.message = ""
        self.step = step
        self._draw()
        actions = [action(name, text) for name, text in self.shown.actions]
        self._footer.show([], actions=actions)
        self._on_show(step, [self.head, self.shown.widget, *([self._footer] if actions else [])])
        if before is not None:
            before.end()
        self.shown.begin()

    def _save_draft(self, step: WizardStep) -> None:
        draft = step.draft()
        if draft is None:
            self._drafts.pop(self._draft_key, None)
        else:
            self._drafts[self._draft_key] = draft

    def _open_step(self, step: str, advances: bool) -> WizardStep:
        """Make a step, with its unsaved changes."""
        shown, key = self._make_step(step, advances), self._draft_key_of(step)
        if key in self._drafts:
            try:
                shown.restore_draft(self._drafts[key])
            except StitchError:
                # The current step stays, and the draft is kept for the next attempt.
                shown.end()
                raise
            del self._drafts[key]
        if step == SCHEDULE:
            self._results[SCHEDULE] = StepState.DONE
        return shown

    def _make_step(self, step: str, advances: bool) -> WizardStep:
        match step:
            case "type":
                return TypeStep(self, self._chosen)
            case "form":
                return CreateStep(self, self.card.type_name) if self.source is None else ChangeStep(self)  # type: ignore[union-attr]
            case "discover_schema":
                return CheckStep(self, advances=advances or step_of(self.live_source.report_card) == CHECK)
            case "field_selection":
                return FieldsStep(self)
            case "schedule":
                return ScheduleStep(self)
            case "run":
                return RunStep(self)
            case "rows":
                return RowsStep(self)
            case _:
                return GrantStep(self, step)

    def _draw(self) -> None:
        self.head.show(self._heading(), self.steps, shown=self.step, banner=self._banner())

    def _heading(self) -> Heading:
        if self.source is not None:
            name = self.source.display_name or self.source.name
            return connection_heading(name, f"source {self.source.id}", self.source.state)
        if self.card is not None:
            return type_heading(self.card, type_title(self.card.type_name))
        return Heading("New source", "", "", "mute")

    def _banner(self) -> str:
        if self.source is None or self.source.state != "paused":
            return ""
        if RUN not in step_names(self.source.report_card):
            return "This source is paused. Rows that are pushed to it are refused."
        return "This source is paused. No jobs are scheduled. You can still start one."

    def _press_action(self, name: str, value: str) -> None:
        with self.lock:
            if self.shown is not None:
                self.head.message = ""
                self.shown.press(name, value)

    def __repr__(self) -> str:
        if self.source is not None:
            subject = f"source {self.source.id}"
        else:
            subject = self.card.type_name if self.card is not None else "new source"
        return f"{subject}, step {self.step}"


def _why_closed(step: StepStatus, is_created: bool) -> str:
    if step.name == TYPE and is_created:
        return "The source type can't be changed. Start a new wizard."
    return f"Step {step.name!r} is not open yet. Finish the earlier steps first."
