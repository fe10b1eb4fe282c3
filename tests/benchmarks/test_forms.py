"""What it costs to make forms of report cards, and to type into them, beside bare widgets and beside other libraries.

The floor is as little as ipywidgets can do: one `Text` with a description for each property, all of one layout and
style. It checks nothing, groups nothing and explains nothing.
"""

import gc
import json
import warnings
from collections.abc import Callable
from datetime import date
from importlib import import_module
from typing import Any, NoReturn

import comm
import ipywidgets
import pytest
from ipywidgets.widgets.widget_string import TextStyle
from measuring import Report, best_of_each

from stitchnb.models import ReportCard
from stitchnb.sandbox import catalog
from stitchnb.widgets import ConnectionForm

pytestmark = pytest.mark.benchmark

TODAY = date(2025, 11, 23)
MANY = 500
CATALOGUE = [*catalog.source_types().values(), *catalog.destination_types().values()]
STRINGS = {
    "type": "platform.many",
    "steps": [
        {
            "type": "form",
            "properties": [
                {"name": f"property_{n}", "json_schema": {"type": "string"}, "property_type": "user_provided"}
                for n in range(MANY)
            ],
        }
    ],
}

Build = Callable[[list[dict[str, Any]]], object]


def our_forms(cards: list[dict[str, Any]]) -> object:
    # A card that was read before would know some of its answers already.
    return [ConnectionForm(ReportCard(card), today=TODAY) for card in cards]


def bare_texts(cards: list[dict[str, Any]]) -> object:
    made = []
    for card in cards:
        layout, style = ipywidgets.Layout(width="auto"), TextStyle()
        names = [one.name for one in ReportCard(card).properties]
        made.append(ipywidgets.VBox([ipywidgets.Text(description=name, layout=layout, style=style) for name in names]))
    return made


def clear() -> None:
    ipywidgets.Widget.close_all()
    gc.collect()


def seconds(*sides: tuple[Build, list[dict[str, Any]]], rounds: int = 5) -> list[float]:
    """Time sides in turns, each on cards of its own, with nothing left over from the one before."""
    measured: list[float] = [float("inf")] * len(sides)
    for _ in range(rounds):
        for number, (build, cards) in enumerate(sides):
            clear()
            (taken,) = best_of_each(lambda build=build, cards=cards: build(cards), rounds=1)
            measured[number] = min(measured[number], taken)
    clear()
    return measured


@pytest.fixture(params=[CATALOGUE, [STRINGS]], ids=["catalogue", "500 strings"])
def cards(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return request.param


def named(cards: list[dict[str, Any]]) -> str:
    count = sum(len(ReportCard(card).properties) for card in cards)
    return f"{len(cards)} forms, {count} properties" if len(cards) > 1 else f"{count} string properties"


def test_forms_are_made_as_quickly_as_bare_text_inputs(cards: list[dict[str, Any]], report: Report) -> None:
    ours, floor = seconds((our_forms, cards), (bare_texts, cards))
    report(f"{named(cards)}: {ours * 1e3:.0f} ms, bare Text widgets {floor * 1e3:.0f} ms: ratio {ours / floor:.2f}")
    assert ours / floor <= 2


class PeerSchemas:
    """The same properties as the JSON Schemas that other libraries take: an object for each card."""

    @staticmethod
    def of(card: dict[str, Any]) -> dict[str, Any]:
        properties = {one.name: PeerSchemas.plain(one.json_schema) for one in ReportCard(card).properties}
        return {"title": "form", "type": "object", "properties": properties}

    @staticmethod
    def plain(schema: Any) -> dict[str, Any]:
        """Leave out what one of them cannot build, to their advantage: formats, alternatives, and no schema at all."""
        wire = json.loads(json.dumps(dict(schema), default=dict)) if schema else {}
        if "type" not in wire or {"anyOf", "oneOf", "format"} & set(wire) or wire["type"] not in ("string", "integer"):
            return {"type": "string"}
        return wire


def peer(module: str, name: str, unavailable: Callable[[str], NoReturn]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(import_module(module), name)
        except ImportError as error:
            unavailable(f"{module} is not here to be measured against ({error}); get it with: uv sync --group bench")


@pytest.fixture
def peers(unavailable: Callable[[str], NoReturn]) -> dict[str, Build]:
    """Build forms with the libraries that people would take instead."""
    form = peer("ipywidgets_jsonschema", "Form", unavailable)
    auto = peer("ipyautoui", "AutoUi", unavailable)
    return {
        "ipywidgets-jsonschema": lambda cards: [form(PeerSchemas.of(card)).widget for card in cards],
        "ipyautoui": lambda cards: [auto(PeerSchemas.of(card)) for card in cards],
    }


@pytest.mark.filterwarnings("ignore")
def test_forms_are_made_four_times_as_quickly_as_by_the_quicker_of_two_other_libraries(
    cards: list[dict[str, Any]], peers: dict[str, Build], report: Report
) -> None:
    ours, *theirs = seconds((our_forms, cards), *((build, cards) for build in peers.values()), rounds=2)
    told = ", ".join(f"{name} {taken * 1e3:.0f} ms" for name, taken in zip(peers, theirs, strict=True))
    ratio = min(theirs) / ours
    report(f"{named(cards)}: {ours * 1e3:.0f} ms, {told}: the quicker one takes {ratio:.0f} times as long")
    assert ratio >= 4


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of the messages to the page, as they are sent."""
    types: list[str] = []
    monkeypatch.setattr(comm.DummyComm, "publish_msg", lambda self, msg_type, *a, **k: types.append(msg_type))
    return types


def opened(build: Build, cards: list[dict[str, Any]], sent: list[str]) -> int:
    """Count the widget models that a page would have to make."""
    sent.clear()
    kept = build(cards)
    count = sent.count("comm_open")
    del kept
    return count


def test_a_field_opens_hardly_any_widget_models(cards: list[dict[str, Any]], report: Report, sent: list[str]) -> None:
    fields = sum(len(ReportCard(card).properties) for card in cards)
    ours, floor = opened(our_forms, cards, sent), opened(bare_texts, cards, sent)
    report(
        f"{named(cards)}: {ours} widget models, bare Text widgets {floor}: "
        f"{ours / fields:.2f} and {floor / fields:.2f} a field"
    )
    assert ours / fields <= 1.5


def test_a_keystroke_is_answered_by_one_message_however_long_the_form_is(report: Report, sent: list[str]) -> None:
    form = ConnectionForm(ReportCard(STRINGS), today=TODAY)
    content = {"type": "input", "view": "view-1", "name": "property_7", "text": "a value that somebody types"}

    def type_in(text: str) -> int:
        sent.clear()
        form._handle_msg(
            {"content": {"data": {"method": "custom", "content": {**content, "text": text}}}, "buffers": []}
        )
        return len(sent)

    text = content["text"]
    counts = {type_in(text[: end + 1]) for end in range(len(text))}
    (taken,) = best_of_each(lambda: type_in("x"))
    report(f"a keystroke in a form of {MANY} fields: {max(counts)} message back, after {taken * 1e3:.2f} ms")
    assert counts == {1}
