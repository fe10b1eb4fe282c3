"""What stands at the two ends of a form under test: the page that it is drawn in, and the account that it sends to."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import comm
from form_cards import recurly

from stitchnb.errors import StitchError, UnknownSourceTypeError
from stitchnb.models import ReportCard, Secret, Source
from stitchnb.widgets import ConnectionForm

TODAY = date(2025, 11, 23)


class Wire:
    """Everything that widgets send while a test runs."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def record(self, _comm: comm.DummyComm, msg_type: str, data: Any = None, **_: Any) -> None:
        self.messages.append({"type": msg_type, "data": data})

    def holds(self, text: str) -> bool:
        """Does any message hold this text?"""
        return text in "".join(unmasked(message) for message in self.messages)


def unmasked(value: Any) -> str:
    """Write a value so that a `Secret` within it would be seen."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return " ".join(unmasked(k) + unmasked(v) for k, v in value.items())
    if isinstance(value, list | tuple):
        return " ".join(map(unmasked, value))
    return str(value)


class Page:
    """A view of a form, as its script would have it: it sends what a user does and applies what comes back."""

    def __init__(self, form: ConnectionForm, wire: Wire, view: str = "view-1") -> None:
        self.form = form
        self.wire = wire
        self.view = view
        self.fields: dict[str, dict[str, Any]] = {}
        self.state: dict[str, Any] = {}
        self.focused = ""
        self._seen = 0
        self.say("ready")

    def say(self, kind: str, **content: Any) -> list[dict[str, Any]]:
        """Send a message the way a page does; give the form's answers."""
        return self.send({"type": kind, "view": self.view, **content})

    def send(self, content: Any) -> list[dict[str, Any]]:
        """Send any message, even one that no page of ours would."""
        self._seen = len(self.wire.messages)
        self.form._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        return self.hear()

    def hear(self) -> list[dict[str, Any]]:
        """Apply what the form has sent since."""
        new, self._seen = self.wire.messages[self._seen :], len(self.wire.messages)
        found = [m["data"]["content"] for m in new if m["data"].get("method") == "custom"]
        for message in found:
            if message["type"] == "state" and message["to"] != self.view:
                continue
            self.state |= {k: v for k, v in message.items() if k not in ("type", "to", "fields", "typedIn", "focus")}
            for name, state in message["fields"].items():
                self.fields[name] = self.fields.get(name, {}) | state
            if message.get("focus", {}).get("view") == self.view:
                self.focused = message["focus"]["name"]
        return found

    def type(self, name: str, text: str) -> list[dict[str, Any]]:
        """Have this text in a field's input."""
        return self.say("input", name=name, text=text)

    def leave(self, name: str) -> list[dict[str, Any]]:
        """Have the focus leave a field."""
        return self.say("left", name=name)

    def press(self) -> list[dict[str, Any]]:
        """Press the button."""
        return self.say("submit", attempt=self.state["attempt"])

    def error(self, name: str) -> str:
        """What the page shows as a field's error."""
        field = self.fields[name]
        return field["error"] if field["touched"] or self.state["tried"] else ""


class Account:
    """An account that creates sources, or refuses to: as much of a client as a form needs."""

    def __init__(self, card: ReportCard | None = None) -> None:
        self.card = card or recurly()
        self.created: list[dict[str, Any]] = []
        self.refusal: StitchError | Exception | None = None
        self.during: Any = None

    @property
    def source_types(self) -> "Account":
        return self

    @property
    def sources(self) -> "Account":
        return self

    def get(self, type: str) -> ReportCard:
        """The report card of the one type there is."""
        if type != self.card.type_name:
            raise UnknownSourceTypeError(type, [self.card.type_name])
        return self.card

    def create(self, type: str, *, display_name: str, properties: Mapping[str, Any]) -> Source:
        """A source, as Stitch would answer."""
        self.created.append({"type": type, "display_name": display_name, "properties": dict(properties)})
        if self.during:
            self.during()
        if self.refusal:
            raise self.refusal
        report_card = {**self.card.to_dict(), "current_step": 2, "current_step_type": "discover_schema"}
        name = display_name.lower()
        return Source(
            {"id": 233312, "name": name, "display_name": display_name, "type": type, "report_card": report_card}
        )
