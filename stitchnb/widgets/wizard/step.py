"""What the steps of a wizard have in common: a widget, a watch in the background, and the wizard around them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from stitchnb.errors import StitchError
from stitchnb.widgets._watcher import Watcher
from stitchnb.widgets.wizard.panel import StepPanel
from stitchnb.widgets.wizard.progress import StepState

if TYPE_CHECKING:
    import ipywidgets

    from stitchnb.client import Client, Source


class StageOwner(Protocol):
    """The wizard, as its stages see it."""

    client: Client
    lock: threading.RLock

    @property
    def live_source(self) -> Source:
        """The source, bound to the client."""

    def go(self, step: str) -> None:
        """Show a step."""

    def moved(self, source: Source) -> None:
        """Take what Stitch told of the source, and go on to where it stands."""

    def told(self, source: Source) -> None:
        """Take what Stitch told of the source, and stay."""

    def changed(self, source: Source) -> None:
        """Take what Stitch told of a source that was changed, and have its connection looked at again."""

    def mark(self, step: str, state: StepState) -> None:
        """Note how the last try of a step ended."""

    def one_update(self) -> AbstractContextManager[None]:
        """Take the wizard's lock, and have its header sent once, as it is at the end of the block."""

    def redraw(self) -> None:
        """Show how the steps stand now."""

    def go_on(self) -> None:
        """Show the step after the one that is shown."""

    def report(self, error: StitchError) -> None:
        """Show what went wrong."""

    def clear(self) -> None:
        """Take away what was shown as wrong."""


class Stage:
    """One step of a wizard while it is shown.

    Attributes
    ----------
    widget
        What is in the card.
    foot
        The buttons that the wizard adds below: name, words.
    ends_by_itself
        What is watched in the background comes to an end without anybody's doing.
    is_over
        Has the stage been left?
    """

    widget: ipywidgets.DOMWidget
    foot: tuple[tuple[str, str], ...] = ()
    ends_by_itself = True

    def __init__(self, owner: StageOwner) -> None:
        self.owner = owner
        self.watcher: Watcher | None = None
        self.is_over = False

    def begin(self) -> None:
        """Start, once the stage is shown."""

    def end(self) -> None:
        """Stop, and let go of the widget."""
        self.is_over = True
        if self.watcher is not None:
            self.watcher.stop()
        self.widget.close()

    def press(self, name: str, value: str) -> None:
        """Do what a button of the panel, or of the foot, is for."""

    def draft(self) -> Any:
        """Give what was typed or chosen here and is not saved; None where nothing would be lost."""
        return None

    def take_up(self, draft: Any) -> None:
        """Show what was left here unsaved, before the stage is shown."""

    def watch(self, look: Callable[[], bool], *, poll_s: Callable[[], float] | None = None) -> None:
        """Look at something in the background until `look` says that it is over."""
        if self.watcher is not None:
            self.watcher.stop()
        client = self.owner.client
        self.watcher = Watcher(look, poll_s=poll_s or (lambda: client.poll_s), on_error=self.went_wrong)
        self.watcher.start()

    def went_wrong(self, error: StitchError) -> None:
        """Show what a look in the background ended with."""
        self.owner.report(error)

    def moved(self, source: Source) -> None:
        """Have the wizard go on to where the source stands now, unless the stage was left meanwhile."""
        with self.owner.lock:
            if not self.is_over:
                self.owner.moved(source)


class PanelStage(Stage):
    """A stage whose widget is a panel of blocks and buttons."""

    widget: StepPanel

    def __init__(self, owner: StageOwner, label: str) -> None:
        super().__init__(owner)
        self.widget = StepPanel(label, on_press=self._pressed, on_error=owner.report)

    def show(self, *args: Any, **kwargs: Any) -> None:
        """Show blocks and buttons, unless the stage was left meanwhile."""
        with self.owner.lock:
            if not self.is_over:
                self.widget.show(*args, **kwargs)

    def _pressed(self, name: str, value: str) -> None:
        with self.owner.lock:
            # What was watched may have led away from here while the press waited for its turn.
            if not self.is_over:
                self.owner.clear()
                self.press(name, value)
