"""A schedule that a source has already: what the form shows of it is what the sandbox then keeps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from form_cards import MINUTES, TEXT, card, prop
from form_page import existing

import stitchnb
from stitchnb.widgets import ConnectionForm, SourceForm

GIVEN = {"api_key": "k", "subdomain": "acme", "quota_limit": "30", "start_date": "2026-01-01T00:00:00Z"}


def form_of(sandbox: stitchnb.Sandbox, **properties: str) -> SourceForm:
    """The form of a source that was complete two hours and ten minutes ago."""
    client = sandbox.client()
    source = client.sources.create("platform.recurly", display_name="Recurly", properties={**GIVEN, **properties})
    source.check().wait()
    source.select("accounts", ["email"])
    sandbox.clock.advance(hours=2, minutes=10)
    return SourceForm(client, source=source.id)


def shown(form: SourceForm) -> list[str]:
    times: list[str] = form._model.schedule.state()["times"]
    return times


def note(form: SourceForm) -> str:
    return str(form._model.schedule.state()["note"])


def kept(sandbox: stitchnb.Sandbox, source_id: int, count: int) -> list[str]:
    """The next starts as the sandbox really has them, one after the other."""
    client = sandbox.client()
    found = []
    for _ in range(count):
        schedule = client.sources.get(source_id).schedule
        assert schedule is not None
        assert schedule.next_fire_time is not None
        found.append(f"{schedule.next_fire_time:%Y-%m-%dT%H:%M:%SZ}")
        sandbox.clock.advance(seconds=(schedule.next_fire_time - sandbox.clock.now()).total_seconds())
    return found


@pytest.mark.parametrize(("before", "after"), [("60", "30"), ("60", "1"), ("360", "60"), ("1440", "720")])
def test_an_interval_that_goes_into_the_one_before_is_shown_as_it_will_be(
    sandbox: stitchnb.Sandbox, before: str, after: str
) -> None:
    form = form_of(sandbox, frequency_in_minutes=before)
    form["frequency_in_minutes"].value = after
    promised = shown(form)
    assert len(promised) == 5
    form.submit()
    assert kept(sandbox, form.source.id, 3) == promised[:3]


@pytest.mark.parametrize(("before", "after", "span"), [("60", "360", "6 hours"), ("30", "1440", "1 day")])
def test_an_interval_whose_beginning_is_not_told_is_shown_once_it_is(
    sandbox: stitchnb.Sandbox, before: str, after: str, span: str
) -> None:
    form = form_of(sandbox, frequency_in_minutes=before)
    form["frequency_in_minutes"].value = after
    assert shown(form) == []
    assert note(form) == (
        f"Approximate: the first run happens within {span} from now. "
        "Stitch doesn't say when the interval starts counting."
    )
    form.submit()
    assert note(form) == ""
    promised = shown(form)
    assert kept(sandbox, form.source.id, 3) == promised[:3]


def test_what_is_not_changed_goes_on_as_it_is(sandbox: stitchnb.Sandbox) -> None:
    form = form_of(sandbox)
    promised = shown(form)
    assert note(form) == ""
    assert kept(sandbox, form.source.id, 3) == promised[:3]


def test_an_anchor_that_was_given_is_what_everything_is_counted_from(sandbox: stitchnb.Sandbox) -> None:
    form = form_of(sandbox, anchor_time="2026-03-20T16:20:00Z")
    assert form._model.schedule.mode == "anchored"
    form["frequency_in_minutes"].value = "360"
    promised = shown(form)
    assert promised[0] == "2026-03-20T22:20:00Z"
    form.submit()
    assert kept(sandbox, form.source.id, 3) == promised[:3]


def test_an_anchor_that_is_given_later_is_kept_too(sandbox: stitchnb.Sandbox) -> None:
    form = form_of(sandbox)
    form["anchor_time"].value = "2026-03-21T01:00:00Z"
    promised = shown(form)
    form.submit()
    assert kept(sandbox, form.source.id, 3) == promised[:3]


def test_an_anchor_of_stitchs_own_leaves_the_form_at_the_plain_interval(sandbox: stitchnb.Sandbox) -> None:
    form = form_of(sandbox)
    provided = {prop.name for prop in form.source.report_card.properties if prop.provided}
    assert "anchor_time" in provided, "the card says so, although nobody gave one"
    assert form._model.schedule.mode == "interval"
    assert form["anchor_time"].hidden
    assert form._model.schedule.state()["words"] == "Every hour."
    assert ["anchored", "Interval starting at a set time"] in form._model.schedule.state()["modes"]


def test_of_a_paused_source_it_says_that_nothing_starts(sandbox: stitchnb.Sandbox) -> None:
    form = form_of(sandbox, frequency_in_minutes="360")
    form.source.pause()
    paused = SourceForm(sandbox.client(), source=form.source.id)
    assert shown(paused) == []
    assert "the first run happens within 6 hours once it is resumed" in note(paused)
    assert note(paused).endswith("Nothing runs while the source is paused.")
    paused.source.resume()
    promised = shown(SourceForm(sandbox.client(), source=form.source.id))
    assert kept(sandbox, form.source.id, 3) == promised[:3]


def test_a_source_that_is_not_complete_yet_counts_from_when_it_is(sandbox: stitchnb.Sandbox) -> None:
    client = sandbox.client()
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=GIVEN)
    source.check().wait()
    assert note(SourceForm(client, source=source.id)).startswith("Estimate: the interval starts counting")


SCHEDULE = {"type": "interval", "unit": "minute", "interval": 60.0, "next_fire_time": "2099-01-01T12:30:00.25Z"}


@pytest.mark.parametrize(
    ("schedule", "minutes", "first"),
    [
        (SCHEDULE, "60", "2099-01-01T12:30:00Z"),
        (SCHEDULE, "30", "2099-01-01T12:00:00Z"),
        (SCHEDULE, "720", None),
        # What the API leaves out, or may tell one day, is nothing to count from.
        ({**SCHEDULE, "next_fire_time": None}, "60", None),
        ({**SCHEDULE, "interval": None}, "60", None),
        ({**SCHEDULE, "interval": 0.5}, "60", None),
    ],
)
def test_the_next_start_is_counted_on_from_what_is_told(
    schedule: dict[str, Any], minutes: str, first: str | None
) -> None:
    form = ConnectionForm(connection=existing(card(prop("frequency_in_minutes", MINUTES)), schedule=schedule))
    form["frequency_in_minutes"].value = minutes
    times = form._model.schedule.state()["times"]
    assert (times[0] if times else None) == first


def test_what_is_past_is_not_shown() -> None:
    schedule = {**SCHEDULE, "next_fire_time": "2020-01-01T12:30:00Z"}
    form = ConnectionForm(connection=existing(card(prop("frequency_in_minutes", MINUTES)), schedule=schedule))
    first = datetime.fromisoformat(form._model.schedule.state()["times"][0])
    assert first > datetime.now(UTC)
    assert (first.minute, first.second) == (30, 0)


def test_an_interval_that_nobody_gave_is_the_one_in_force() -> None:
    schedule = {**SCHEDULE, "interval": 30.0}
    form = ConnectionForm(connection=existing(card(prop("cron_expression", TEXT)), schedule=schedule))
    assert form._model.schedule.state()["words"] == "Every 30 minutes, by default."
