"""One control for three properties: which schedule it is, in words, and when it fires next."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from form_cards import MINUTES, TEXT, card, prop, recurly
from form_page import TODAY, Account, Page, Wire

from stitchnb.errors import AccessDeniedError, BadRequestError
from stitchnb.models import ReportCard
from stitchnb.widgets import ConnectionForm, SourceForm
from stitchnb.widgets.form.submitter import Submitter

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
VALUES = {"api_key": "k", "subdomain": "acme", "quota_limit": "30"}
STAMP = {"type": "string", "format": "date-time"}


class Noon(Submitter):
    """Submits nothing, and it is always noon."""

    def now(self) -> datetime:
        return NOON


def frozen(*args: Any, **options: Any) -> ConnectionForm:
    """A form for which it is always noon."""
    return ConnectionForm(*args, **options, submitter=Noon())


@pytest.fixture
def form() -> ConnectionForm:
    return frozen(recurly(), values=VALUES, today=TODAY)


@pytest.fixture
def page(form: ConnectionForm, wire: Wire) -> Page:
    return Page(form, wire)


def test_it_begins_with_the_types_own_interval(page: Page) -> None:
    assert page.state["schedule"] == {
        "mode": "interval",
        "modes": [
            ["interval", "At a fixed interval"],
            ["anchored", "Interval starting at a set time"],
            ["cron", "Cron schedule"],
        ],
        "words": "Every hour.",
        "times": [f"2026-03-20T{hour}:00:00Z" for hour in (13, 14, 15, 16, 17)],
        "exact": False,
        "note": "Estimate: the interval starts counting once setup is finished.",
    }
    assert [name for name, state in page.fields.items() if state["hidden"]] == ["anchor_time", "cron_expression"]


def test_an_interval_can_be_counted_from_a_time(form: ConnectionForm, page: Page) -> None:
    page.say("schedule", mode="anchored")
    assert page.fields["anchor_time"]["missing"]
    assert list(form.errors) == ["anchor_time"]
    page.type("frequency_in_minutes", "360")
    page.type("anchor_time", "2026-03-20T13:00")
    assert page.state["schedule"]["words"] == "Every 6 hours, counted from 2026-03-20 13:00 UTC."
    # The worked example of the API: the anchor itself, then every six hours.
    assert page.state["schedule"]["times"] == [
        *("2026-03-20T13:00:00Z", "2026-03-20T19:00:00Z", "2026-03-21T01:00:00Z"),
        *("2026-03-21T07:00:00Z", "2026-03-21T13:00:00Z"),
    ]
    assert page.state["schedule"]["note"] == ""
    assert form.values["anchor_time"] == "2026-03-20T13:00:00Z"


def test_a_cron_expression_is_said_in_words_and_wins(form: ConnectionForm, page: Page) -> None:
    page.say("schedule", mode="cron")
    assert form.errors == {"cron_expression": "Required: a Quartz cron expression, such as 0 0 12 ? * MON-FRI."}
    page.type("cron_expression", "0 0 12 ? * MON-FRI *")
    assert page.state["schedule"]["words"] == "At 12:00 UTC, Monday to Friday."
    assert page.state["schedule"]["times"][:2] == ["2026-03-23T12:00:00Z", "2026-03-24T12:00:00Z"]
    assert form.values["cron_expression"] == "0 0 12 ? * MON-FRI *"
    assert "frequency_in_minutes" not in form.values


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "0 0 12 1 * MON",
            "Support for specifying both a day-of-week AND a day-of-month parameter is not implemented.",
        ),
        ("0 61 * ? * *", "Minute and Second values must be between 0 and 59"),
        ("nightly", "Illegal characters for this position: 'NIG'"),
        ("0 0 12", "Unexpected end of expression."),
    ],
)
def test_a_wrong_expression_is_refused_in_the_words_of_the_api(
    form: ConnectionForm, page: Page, expression: str, words: str
) -> None:
    page.say("schedule", mode="cron")
    page.type("cron_expression", expression)
    error = page.error("cron_expression")
    assert error is not None
    assert error.startswith(f'cron_expression "{expression}" is invalid: {words}')
    assert page.state["schedule"]["times"] == []
    page.say("schedule", mode="interval")
    assert form.errors == {}, "what is not chosen does not count"


@pytest.mark.parametrize(
    ("values", "is_exact", "why"),
    [
        ({"frequency_in_minutes": "30"}, False, "the seconds of an interval are those of this very moment"),
        ({"anchor_time": "2026-03-20T11:00:30Z"}, True, "it starts in 30 seconds"),
        ({"anchor_time": "2026-03-20T11:01:00Z"}, False, "it starts in a minute"),
        ({"cron_expression": "0 0 20 ? * *"}, False, "the expression has no seconds"),
        ({"cron_expression": "15 0 20 ? * *"}, True, "the expression has seconds"),
    ],
)
def test_seconds_are_shown_where_they_tell_something(
    form: ConnectionForm, page: Page, values: dict[str, str], is_exact: bool, why: str
) -> None:
    for name, value in values.items():
        form[name].value = value
    page.hear()
    assert page.state["schedule"]["exact"] is is_exact, why


def test_an_expression_that_stops_says_so(page: Page) -> None:
    page.say("schedule", mode="cron")
    page.type("cron_expression", "0 0 12 24 12 ? 2026-2027")
    assert page.state["schedule"]["times"] == ["2026-12-24T12:00:00Z", "2027-12-24T12:00:00Z"]
    assert page.state["schedule"]["note"] == "It does not run again after that."
    page.type("cron_expression", "0 0 12 24 12 ? 2020")
    assert page.state["schedule"]["note"] == "It never runs."


def test_going_back_and_forth_loses_nothing(form: ConnectionForm, page: Page) -> None:
    page.say("schedule", mode="cron")
    page.type("cron_expression", "0 0 12 * * ?")
    page.say("schedule", mode="interval")
    assert form.values["frequency_in_minutes"] == "60"
    assert "cron_expression" not in form.values
    assert form.unsent == {}
    page.say("schedule", mode="cron")
    assert form.values["cron_expression"] == "0 0 12 * * ?"


@pytest.mark.parametrize(
    ("values", "mode"),
    [
        ({}, "interval"),
        ({"frequency_in_minutes": "30"}, "interval"),
        ({"anchor_time": "2026-03-20T13:00:00Z"}, "anchored"),
        ({"cron_expression": "0 0 12 * * ?"}, "cron"),
        ({"cron_expression": "0 0 12 * * ?", "anchor_time": "2026-03-20T13:00:00Z"}, "cron"),
    ],
)
def test_code_sets_the_three_by_their_own_names(form: ConnectionForm, values: dict[str, str], mode: str) -> None:
    for name, value in values.items():
        form[name].value = value
    assert form._model.schedule.mode == mode
    assert form.errors == {}
    if mode == "cron":
        form["cron_expression"].value = None
        assert form._model.schedule.mode == ("anchored" if "anchor_time" in values else "interval")


def test_other_keystrokes_say_nothing_of_the_schedule(page: Page) -> None:
    assert "schedule" not in page.type("subdomain", "acme2")[0]
    answers = page.type("frequency_in_minutes", "30")
    assert len(answers) == 1
    assert answers[0]["schedule"]["words"] == "Every 30 minutes."


@pytest.mark.parametrize("mode", ["yearly", "", "cron" * 50])
def test_there_are_no_other_kinds(form: ConnectionForm, page: Page, mode: str) -> None:
    assert page.say("schedule", mode=mode) == []
    assert form._model.schedule.mode == "interval"


STRANGE: list[tuple[list[dict[str, Any]], list[str]]] = [
    ([prop("frequency_in_minutes", MINUTES)], ["interval"]),
    ([prop("cron_expression", TEXT)], ["interval", "cron"]),
    ([prop("anchor_time", STAMP), prop("cron_expression", TEXT)], ["interval", "cron"]),
    ([prop("frequency_in_minutes", {"type": "object"}), prop("anchor_time", {"type": "array"})], ["interval"]),
    ([prop("cron_expression", {"type": "null"}), prop("frequency_in_minutes", {"type": "integer"})], ["interval"]),
]


@pytest.mark.parametrize(("properties", "modes"), STRANGE)
def test_a_card_with_other_parts_of_a_schedule_still_works(
    properties: list[dict[str, Any]], modes: list[str], wire: Wire
) -> None:
    form = frozen(card(*properties, default_scheduling_interval=30))
    page = Page(form, wire)
    assert [mode for mode, _ in page.state["schedule"]["modes"]][: len(modes)] == modes
    assert form.errors == {}
    for name in page.fields:
        for text in ("[1]", '{"a": 1}', "0", "-5", "x", ""):
            page.say("input", name=name, text=text, json=True)
    assert form.values == {}


def test_what_the_card_requires_is_never_hidden() -> None:
    form = frozen(card(prop("frequency_in_minutes", MINUTES), prop("cron_expression", TEXT, required=True)))
    assert "cron_expression" in form.errors


def test_without_a_schedule_there_is_none(wire: Wire) -> None:
    page = Page(ConnectionForm(card(prop("a", TEXT))), wire)
    assert "schedule" not in page.state


@pytest.mark.parametrize(
    "refusal",
    [
        AccessDeniedError(
            "access to cron_expression based scheduling is not permitted",
            status_code=400,
            method="POST",
            path="/v4/sources",
        ),
        BadRequestError(
            'cron_expression "0 0 12 ? * 2" is invalid: no',
            status_code=400,
            method="POST",
            path="/v4/sources",
            code="InvalidCronExpression",
        ),
    ],
)
def test_a_refusal_of_the_expression_lands_on_it(wire: Wire, refusal: BadRequestError) -> None:
    account = Account()
    account.refusal = refusal
    form = SourceForm(account, "platform.recurly", values={**VALUES, "cron_expression": "0 0 12 ? * 2"}, today=TODAY)
    page = Page(form, wire)
    page.press()
    assert page.focused == "cron_expression"
    assert page.error("cron_expression").lower().startswith(refusal.message.lower())
    page.say("schedule", mode="interval")
    assert form.errors == {}


def test_a_sandboxs_clock_is_the_one_that_counts(wire: Wire) -> None:
    account: Any = Account()
    account.sandbox = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOON))
    page = Page(SourceForm(account, "platform.recurly"), wire)
    assert page.state["schedule"]["times"][0] == "2026-03-20T13:00:00Z"


def test_a_real_accounts_clock_is_this_machines(wire: Wire) -> None:
    page = Page(SourceForm(Account(), "platform.recurly"), wire)
    first = datetime.fromisoformat(page.state["schedule"]["times"][0])
    assert timedelta(minutes=50) < first - datetime.now(UTC) < timedelta(minutes=70)


def test_a_notebooks_table_holds_no_time_of_day() -> None:
    html = frozen(ReportCard(recurly().to_dict()), values=VALUES, today=TODAY)._repr_mimebundle_()[0]["text/html"]
    assert "2026" not in html
    assert "cron_expression" in html
