"""A form's conversation with its page: what it hears, and what it tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import anywidget
import traitlets

from stitchnb.errors import StitchError
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.schema.inputs import STRUCTURED
from stitchnb.widgets._bridge import MessageError, asset
from stitchnb.widgets.form import spec as _form_spec
from stitchnb.widgets.form.fields import DisplayNameField, FormField
from stitchnb.widgets.form.messages import (
    CodeRequested,
    EditorToggled,
    FieldBlurred,
    InputChanged,
    OwnClientToggled,
    ScheduleModeChanged,
    Submitted,
    ViewReady,
    read_message,
)
from stitchnb.widgets.form.schedule import ScheduleControl

_log = logging.getLogger(__name__)


class FormPage(anywidget.AnyWidget):
    """The half of a form that speaks with its page; which fields there are is for the form to say."""

    _esm = asset("dom.js", "next.js", "inputs.js", "schedule.js", "form.js")
    _css = asset("card.css", "next.css", "form.css", "inputs.css")
    _spec = traitlets.Dict().tag(sync=True)

    report_card: ReportCard
    _schedule: ScheduleControl
    # What was last told to those who observe it; made anew by the first of them.
    _observed: Mapping[str, Any] = {}

    def _start(self) -> None:
        """Set up what fields need; nothing is told to any page yet."""
        self._fields: dict[str, FormField] = {}
        self._callbacks: list[Callable[[Self], object]] = []
        self._submit_callbacks: list[Callable[[Self], object]] = []
        self._tried = self._locked = self._is_sending = self._is_open = self._own_client = False
        self._attempt = 0
        self._notice: tuple[str, str] | None = None
        self._focus: tuple[str, str] | None = None

    def _open(self) -> None:
        """Become a widget."""
        self._schedule_state = self._schedule.state() if self._schedule else None
        self._last_told = self._form_state()
        super().__init__(_spec=self._describe())
        self._is_open = True
        self.on_msg(self._on_message)

    def _describe(self) -> dict[str, Any]:
        raise NotImplementedError

    def _progress(self) -> ReportCard | None:
        raise NotImplementedError

    def _next(self) -> dict[str, Any] | None:
        """Describe what is to be done outside the form, once it is done; see ``next.js``."""
        raise NotImplementedError

    def _affected(self, field: FormField) -> list[FormField]:
        raise NotImplementedError

    def _switch(self, on: bool) -> None:
        raise NotImplementedError

    def _submit(self, *, view: str) -> Any:
        raise NotImplementedError

    def _table(self) -> str:
        raise NotImplementedError

    @property
    def _code(self) -> Mapping[str, Callable[[], str]]:
        """What writes the form as code, by language."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[FormField]:
        return iter(self._fields.values())

    def observe(self, handler: Callable[..., Any], names: Any = traitlets.All, type: Any = "change") -> None:
        """Have `handler` called with every change: of ``values``, ``errors``, or of what else can be observed.

        Parameters
        ----------
        handler
            Gets a mapping with ``name``, ``old``, ``new`` and ``owner``, which is the form.
        names
            Such as ``"values"``, or several in a list.
        type
            Only ``"change"`` ever happens.
        """
        super().observe(handler, names, type)
        wanted = {names} if isinstance(names, str) else set(names) if isinstance(names, list | tuple) else set()
        for name in wanted & {"values", "errors"}:
            self._observed = {name: getattr(self, name), **self._observed}

    def _notify(self) -> None:
        for name, before in self._observed.items():
            now = getattr(self, name)
            if now != before:
                self._observed = {**self._observed, name: now}
                self.notify_change(traitlets.Bunch(name=name, old=before, new=now, owner=self, type="change"))

    def on_change(self, callback: Callable[[Self], object]) -> None:
        """Have `callback` called with this form after every change of a value, typed or set."""
        self._callbacks.append(callback)

    def on_submit(self, callback: Callable[[Self], object]) -> None:
        """Have `callback` called with this form after every time that it was sent with success."""
        self._submit_callbacks.append(callback)

    def _after_change(self, field: FormField, *, typed_in: str = "") -> None:
        if self._notice and self._notice[0] == "error":
            self._notice = None
        self._tell(self._affected(field), typed_in=typed_in, typed=field.name)
        self._call_back()

    def _call_back(self) -> None:
        for callback in list(self._callbacks):
            callback(self)

    def _on_message(self, _widget: object, content: Any, _buffers: object) -> None:
        try:
            message = read_message(content)
            field = (
                self._editable(message.name)
                if isinstance(message, InputChanged | FieldBlurred | EditorToggled)
                else None
            )
        except MessageError as error:
            _log.warning("%s ignored a message of its page: %s", self, error)
            return
        match message:
            case ViewReady():
                self._schedule_state = self._schedule.state() if self._schedule else None
                self.send({"type": "state", "to": message.view, **self._state()})
            case Submitted():
                self._on_submitted(message)
            case CodeRequested():
                write = self._code.get(message.language)
                text = write() if write else ""
                self.send({"type": "code", "to": message.view, "language": message.language, "text": text})
            case _ if self._locked:
                return
            case ScheduleModeChanged():
                if self._schedule.choose(message.mode):
                    self._tell([f for f in self if f.name in self._schedule], typed_in=message.view)
                    self._call_back()
            case OwnClientToggled():
                self._switch(message.on)
            case InputChanged() if field is not None:
                field.type_in(message.text, as_json=message.as_json)
                self._after_change(field, typed_in=message.view)
            case EditorToggled() if field is not None:
                field.edit_as_json(message.as_json)
                self._tell([field])
            case FieldBlurred() if field is not None and not field.touched:
                field.touched = True
                self._tell([field])

    def _on_submitted(self, message: Submitted) -> None:
        # A second click was made before the page knew of the first one's end: it must not send again.
        if self._locked or message.attempt != self._attempt:
            return
        try:
            self._submit(view=message.view)
        except StitchError as error:
            # It stands in the form already.
            _log.debug("%s: %s", self, type(error).__name__)

    def _editable(self, name: str) -> FormField:
        field = self._fields.get(name)
        if field is None or field.read_only or field.locked:
            raise MessageError("no such field to fill in")
        return field

    def _state(self) -> dict[str, Any]:
        return {**self._form_state(), "fields": {f.name: _field_state(f) for f in self}}

    def _form_state(self) -> dict[str, Any]:
        tone, text = self._notice or ("", "")
        state = {
            "tried": self._tried,
            "locked": self._locked,
            "attempt": self._attempt,
            "own": self._own_client,
            "notice": {"tone": tone, "text": text},
            "next": self._next(),
            "steps": _form_spec.steps(self.report_card, self._progress()),
        }
        return state if self._schedule_state is None else {**state, "schedule": self._schedule_state}

    def _tell(self, fields: list[FormField] | None = None, *, typed_in: str = "", typed: str = "") -> None:
        """Send the page what has changed: these fields, or all of them.

        `typed_in` is the view that the change comes from, whose input for the field `typed` has the text already, and
        perhaps a newer one.
        """
        if not self._is_open:
            return
        told = list(self if fields is None else fields)
        if any(f.name in self._schedule for f in told):
            self._schedule_state = self._schedule.state()
        now = self._form_state()
        patch = {key: value for key, value in now.items() if self._last_told.get(key) != value}
        self._last_told = now
        shown = {f.name: _field_state(f) for f in told}
        message: dict[str, Any] = {"type": "patch", "typedIn": typed_in, **patch, "fields": shown}
        if typed_in:
            message["typed"] = typed
        if self._focus:
            message["focus"] = {"view": self._focus[0], "name": self._focus[1]}
            self._focus = None
        self.send(message)
        self._notify()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = self._table()
        return bundle


def _field_state(field: FormField) -> dict[str, Any]:
    state: dict[str, Any] = {
        "text": field.text,
        "given": field.given,
        "missing": field.missing,
        "error": field.error or "",
        "touched": field.touched,
        "revision": field.revision,
    }
    more: dict[str, Any] = {
        "kept": field.kept and field.value is None,
        "hidden": field.hidden,
        "changed": field.changed,
    }
    if field.input.kind in STRUCTURED:
        more |= {"json": field.as_json, "place": list(field.place) if state["error"] else []}
    # The one help that changes as one types.
    if isinstance(field, DisplayNameField):
        more["help"] = field.help
    return state | more
