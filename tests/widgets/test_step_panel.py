"""A panel of blocks and buttons: it calls what was pressed, and only what can be pressed."""

import logging
from typing import Any

import pytest
from form_page import Wire
from panel_page import say, send

from stitchnb.errors import StitchError, TransportError
from stitchnb.widgets.wizard import panel as blocks
from stitchnb.widgets.wizard.panel import StepPanel

Pressed = list[tuple[str, str]]


def shown(pressed: Pressed | None = None, errors: list[StitchError] | None = None) -> StepPanel:
    seen: Pressed = [] if pressed is None else pressed
    panel = StepPanel(
        "Try",
        on_press=lambda name, value: seen.append((name, value)),
        on_error=([] if errors is None else errors).append,
    )
    panel.show(
        [blocks.text("Words"), blocks.choice("table", "Table", [("a", "A"), ("b", "B")], "a")],
        summary="Two ways",
        actions=[blocks.action("go", "Go", primary=True), blocks.action("later", "Later", off=True)],
    )
    return panel


def test_a_button_and_a_choice_call_what_they_are_for() -> None:
    pressed: Pressed = []
    panel = shown(pressed)
    say(panel, "press", name="go")
    say(panel, "choose", name="table", value="b")
    assert pressed == [("go", ""), ("table", "b")]


@pytest.mark.parametrize(
    "content",
    [
        {"type": "press", "view": "v", "name": "later"},
        {"type": "press", "view": "v", "name": "nothing"},
        {"type": "press", "view": "v", "name": 7},
        {"type": "choose", "view": "v", "name": "table", "value": "c"},
        {"type": "choose", "view": "v", "name": "other", "value": "a"},
        {"type": "form", "view": "v", "name": "go"},
        {"type": 1},
        "press",
        None,
    ],
)
def test_what_is_not_offered_is_not_done(content: Any, caplog: pytest.LogCaptureFixture) -> None:
    pressed: Pressed = []
    with caplog.at_level(logging.WARNING):
        send(shown(pressed), content)
    assert pressed == []
    assert "ignored a message" in caplog.text


def test_every_message_is_answered_even_when_it_went_wrong(wire: Wire) -> None:
    errors: list[StitchError] = []

    def fail(name: str, value: str) -> None:
        raise TransportError("no answer")

    panel = StepPanel("Try", on_press=fail, on_error=errors.append)
    panel.show([], actions=[blocks.action("go", "Go")])
    say(panel, "press", name="go")
    assert [str(error) for error in errors] == ["no answer"]
    assert wire.messages[-1]["data"]["content"] == {"type": "heard", "to": "view-1"}


def test_our_own_mistakes_are_not_hidden() -> None:
    def fail(name: str, value: str) -> None:
        raise ZeroDivisionError

    panel = StepPanel("Try", on_press=fail, on_error=lambda error: None)
    panel.show([], actions=[blocks.action("go", "Go")])
    with pytest.raises(ZeroDivisionError):
        panel._on_message(panel, {"type": "press", "view": "v", "name": "go"}, [])


def test_where_no_script_runs_its_words_are_there_as_text() -> None:
    panel = shown()
    panel.show([blocks.text("<b>bold</b>")])
    html = panel._repr_mimebundle_()[0]["text/html"]
    assert html == "<p>&lt;b&gt;bold&lt;/b&gt;</p>"
    assert repr(panel) == "StepPanel('Try')"
