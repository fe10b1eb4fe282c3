"""What stands at the two ends of a form under test: the page that it is drawn in, and the account that it sends to."""

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any

import comm
import ipywidgets
from form_cards import recurly

from stitchnb.errors import StitchError, UnknownSourceTypeError
from stitchnb.models import Destination, ReportCard, Secret, Source
from stitchnb.widgets import ConnectionForm

TODAY = date(2025, 11, 23)


class Wire:
    """Everything that widgets send while a test runs."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def record(self, sender: comm.DummyComm, msg_type: str, data: Any = None, **_: Any) -> None:
        self.messages.append({"type": msg_type, "data": data, "comm": sender.comm_id})

    def contents(self, widget: ipywidgets.Widget) -> list[dict[str, Any]]:
        """Every content that a panel's page was sent, in order: what a person could see, if only for a moment."""
        sent = [message["data"].get("state", {}) for message in self.messages if message["comm"] == widget.model_id]
        return [state["_content"] for state in sent if "_content" in state]

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
        self.heard: list[str] = []
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
        sent = [m["data"]["content"] for m in new if m["data"].get("method") == "custom"]
        self.heard += [m["to"] for m in sent if m["type"] == "heard"]
        found = [m for m in sent if m["type"] != "heard"]
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
    """An account that creates and changes things, or refuses to: as much of a client as forms need."""

    base_url = "https://api.example.com"

    def __init__(self, card: ReportCard | None = None) -> None:
        self.card = card or recurly()
        self.created: list[dict[str, Any]] = []
        self.updated: list[dict[str, Any]] = []
        self.refusal: StitchError | Exception | None = None
        self.during: Any = None
        self.source_types = SimpleNamespace(get=self._card)
        self.destination_types = SimpleNamespace(get=self._card)
        self.sources = SimpleNamespace(create=self._create_source, update=self._update_source, get=self._source)
        self.destinations = SimpleNamespace(create=self._create_destination, update=self._update_destination)

    def _card(self, type: str) -> ReportCard:
        if type != self.card.type_name:
            raise UnknownSourceTypeError(type, [self.card.type_name])
        return self.card

    def _create_source(
        self, type: str, *, display_name: str, properties: Mapping[str, Any], validate: bool = True
    ) -> Source:
        self.created.append({"type": type, "display_name": display_name, "properties": dict(properties)})
        self._answer(validate)
        report_card = {**self.card.to_dict(), "current_step": 2, "current_step_type": self.card.steps[1].type}
        name = display_name.lower()
        return Source(
            {"id": 233312, "name": name, "display_name": display_name, "type": type, "report_card": report_card}
        )

    def _update_source(
        self, source_id: int, *, display_name: str | None = None, properties: Mapping[str, Any] | None = None
    ) -> Source:
        given = {"display_name": display_name, "properties": properties and dict(properties)}
        self.updated.append({"id": source_id, **{key: value for key, value in given.items() if value is not None}})
        self._answer()
        before = self._source(source_id)
        told = {p.name for p in self.card.properties if not p.is_credential}
        kept = {name: value for name, value in (properties or {}).items() if name in told}
        return existing(
            self.card, display_name=display_name or before.display_name, properties={**before.properties, **kept}
        )

    def _source(self, source_id: int) -> Source:
        return existing(self.card, id=source_id)

    def _create_destination(self, type: str, *, validate: bool = True, **given: Any) -> Destination:
        self.created.append({"type": type, **given})
        self._answer(validate)
        return Destination({"id": 155, "type": type, "name": given.get("name"), "report_card": self.card.to_dict()})

    def _update_destination(self, destination_id: int, *, properties: Mapping[str, Any]) -> Destination:
        self.updated.append({"id": destination_id, "properties": dict(properties)})
        self._answer()
        return Destination({"id": destination_id, "properties": dict(properties), "report_card": self.card.to_dict()})

    def _answer(self, validate: bool = False) -> None:
        assert not validate, "a form has held the values against the card already"
        if self.during:
            self.during()
        if self.refusal:
            raise self.refusal


def existing(card: ReportCard, *, properties: Mapping[str, Any] | None = None, **more: Any) -> Source:
    """A source that is there, with values for what its card asks, and its credentials given."""
    given = dict({"subdomain": "acme", "quota_limit": "30", "frequency_in_minutes": "60"} | dict(properties or {}))
    if properties is None and card.type_name == "platform.recurly":
        given |= {"start_date": "2024-11-23T00:00:00Z", "image_version": "1.29"}
    report_card = card.to_dict()
    report_card.pop("details", None)
    for step in report_card["steps"]:
        for one in step.get("properties", []):
            one["provided"] = one["name"] in given or one.get("is_credential", False)
    report_card |= {"current_step": 3, "current_step_type": "field_selection"}
    facts = {"id": 233312, "name": "recurly", "display_name": "Recurly", "type": card.type_name}
    return Source({**facts, "properties": given, "report_card": report_card, **more})
