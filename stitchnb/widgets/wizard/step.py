"""The steps of a wizard: which there are, how each stands, and what shows one of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from stitchnb.errors import StitchError
from stitchnb.models import ReportCard
from stitchnb.rules.report_cards.labels import step_description, step_title
from stitchnb.rules.report_cards.products import TypeKind, type_kind
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.wizard.panel import StepPanel

if TYPE_CHECKING:
    import ipywidgets

    from stitchnb.client import Client, Source

TYPE = "type"
FORM = "form"
CHECK = "discover_schema"
FIELDS = "field_selection"
SCHEDULE = "schedule"
RUN = "run"
ROWS = "rows"

_CONFIGURED = "fully_configured"
_AFTER_SETUP = (SCHEDULE, RUN, ROWS)
_SCHEDULE_PROPERTIES = frozenset({"frequency_in_minutes", "anchor_time", "cron_expression"})

# The steps that no report card names: title and note.
_WIZARD_STEPS = {
    TYPE: ("Source type", "Pick a service"),
    SCHEDULE: ("Schedule", "When it runs"),
    RUN: ("Run", "Replication job"),
    ROWS: ("Rows", "Preview data"),
}


class StepState(StrEnum):
    """How far a step is."""

    DONE = "done"
    NOW = "now"
    FAILED = "failed"
    NEXT = "next"


@dataclass(frozen=True)
class StepStatus:
    """One step of a wizard and its state.

    Attributes
    ----------
    name
        A step's type as in the report card, or ``type``, ``schedule``, ``run`` or ``rows``.
    title, note
        The heading, and what happens in the step.
    state
        How far the step is.
    is_open
        Can you go to the step?
    is_unsaved
        Does the step hold changes that are not saved?
    """

    name: str
    title: str
    note: str
    state: StepState
    is_open: bool
    is_unsaved: bool = False


def step_names(card: ReportCard | None) -> tuple[str, ...]:
    """List the steps from the source type to the first rows; without a card, the usual ones."""
    if card is None:
        return (TYPE, FORM, CHECK, FIELDS, *_AFTER_SETUP)
    from_card = [step.type for step in card.steps if step.type != _CONFIGURED]
    return (TYPE, *from_card, *_after_setup(card))


def _after_setup(card: ReportCard) -> list[str]:
    """List the steps that follow a card's own: fewer without a schedule, or when rows are pushed."""
    is_scheduled = any(prop.name in _SCHEDULE_PROPERTIES for prop in card.properties)
    is_run = type_kind(card) is not TypeKind.PUSH
    return [*([SCHEDULE] if is_scheduled else []), *([RUN] if is_run else []), ROWS]


def step_of(card: ReportCard, *, is_new: bool = False) -> str:
    """Return the current step of a source, from the source's own card.

    A configured source is run, or its rows are shown; a new one is scheduled first.
    """
    current = card.current_step_type or FORM
    if current != _CONFIGURED:
        return current
    following = [step for step in _after_setup(card) if is_new or step != SCHEDULE]
    return following[0]


def step_statuses(
    card: ReportCard | None,
    *,
    is_created: bool,
    current: str,
    results: Mapping[str, StepState] | None = None,
    unsaved: Collection[str] = (),
) -> list[StepStatus]:
    """List every step with its state.

    Parameters
    ----------
    card
        The card of the type or of the source; None until a type is chosen.
    is_created
        Does the source exist?
    current
        The step that the source has reached; the earlier ones are done.
    results
        How the last attempt at some steps ended: a failure, or a step after setup that was completed.
    unsaved
        The steps with unsaved changes.
    """
    results = dict(results or {})
    if results.get(ROWS) == StepState.DONE:
        # Rows in the destination prove that a job ran, whoever started it.
        results.setdefault(RUN, StepState.DONE)
    names = step_names(card)
    reached = names.index(current) if current in names else 0
    configured = names.index(next(name for name in _AFTER_SETUP if name in names))
    statuses = []
    for index, name in enumerate(names):
        state = StepState.DONE if index < reached else StepState.NOW if index == reached else StepState.NEXT
        result = results.get(name)
        if result in (StepState.FAILED, StepState.DONE):
            state = result
        # The steps of a configured source are open in any order.
        is_open = index <= reached or (is_created and reached >= configured)
        # The type of a source never changes.
        is_open = is_open and not (is_created and name == TYPE)
        title, note = _WIZARD_STEPS.get(name) or (step_title(name), step_description(name))
        statuses.append(StepStatus(name, title, note, state, is_open, name in unsaved))
    return statuses


class StepHost(Protocol):
    """What a step needs of the wizard around it."""

    client: Client
    lock: threading.RLock

    @property
    def live_source(self) -> Source:
        """The source, bound to the client."""

    def go(self, step: str) -> None:
        """Show a step."""

    def go_to_next(self) -> None:
        """Show the step after the current one."""

    def advance(self, source: Source) -> None:
        """Store a source that Stitch returned, and show the step that it has reached."""

    def update_source(self, source: Source) -> None:
        """Store a source that Stitch returned, and stay on the current step."""

    def source_changed(self, source: Source) -> None:
        """Store a source whose settings were saved, and show its new connection check."""

    def set_status(self, step: str, state: StepState) -> None:
        """Record how the last attempt at a step ended."""

    def one_update(self) -> AbstractContextManager[None]:
        """Hold the wizard's lock, and send its header once at the end of the block."""

    def redraw(self) -> None:
        """Show the current state of the steps."""

    def show_error(self, error: StitchError) -> None:
        """Show an error above the step."""

    def clear_error(self) -> None:
        """Remove the error above the step."""


class WizardStep:
    """One step of a wizard while it is shown.

    Attributes
    ----------
    widget
        What the step shows.
    actions
        The buttons that the wizard adds below: name and text.
    ends_automatically
        Does the background work end without the user?
    is_closed
        Has the user left the step?
    """

    widget: ipywidgets.DOMWidget
    actions: tuple[tuple[str, str], ...] = ()
    ends_automatically = True

    def __init__(self, host: StepHost) -> None:
        self.host = host
        self.watcher: Watcher | None = None
        self.is_closed = False

    def begin(self) -> None:
        """Start the background work, once the step is shown."""

    def end(self) -> None:
        """Stop the background work and close the widget."""
        self.is_closed = True
        if self.watcher is not None:
            self.watcher.stop()
        self.widget.close()

    def press(self, name: str, value: str) -> None:
        """Handle a button of the panel or of the footer."""

    def draft(self) -> Any:
        """Return the unsaved changes; None when there are none."""
        return None

    def restore_draft(self, draft: Any) -> None:
        """Put unsaved changes back, before the step is shown."""

    def watch(self, poll: Callable[[], bool], *, poll_s: Callable[[], float] | None = None) -> None:
        """Call `poll` in the background until it returns True."""
        if self.watcher is not None:
            self.watcher.stop()
        client = self.host.client
        self.watcher = Watcher(poll, poll_s=poll_s or (lambda: client.poll_s), on_error=self.on_error)
        self.watcher.start()

    def on_error(self, error: StitchError) -> None:
        """Show the error that ended the background work."""
        self.host.show_error(error)

    def advance(self, source: Source) -> None:
        """Show the step that the source has reached, unless the user has left this one."""
        with self.host.lock:
            if not self.is_closed:
                self.host.advance(source)


class PanelStep(WizardStep):
    """A step whose widget is a panel of blocks and buttons."""

    widget: StepPanel

    def __init__(self, host: StepHost, label: str) -> None:
        super().__init__(host)
        self.widget = StepPanel(label, on_press=self._pressed, on_error=host.show_error)

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Show blocks and buttons, unless the user has left the step."""
        with self.host.lock:
            if not self.is_closed:
                self.widget.show(*args, **kwargs)

    def _pressed(self, name: str, value: str) -> None:
        with self.host.lock:
            # The background work may have closed this step while the press waited for the lock.
            if not self.is_closed:
                self.host.clear_error()
                self.press(name, value)
