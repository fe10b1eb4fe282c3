"""One control for the three properties that set a schedule.

A schedule is every so often, counted from an anchor or not, or a cron expression. What does not belong to the chosen
one keeps its value, and does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from stitchnb.errors import InvalidInputError
from stitchnb.models import Source, format_time, parse_time
from stitchnb.rules.report_cards.labels import format_interval, format_minutes
from stitchnb.rules.schedules.describe import cron_words
from stitchnb.rules.schedules.schedule import CronRule, IntervalRule, ScheduleRule, fire_times, schedule_rule

if TYPE_CHECKING:
    from stitchnb.widgets.form.fields import FormField

FREQUENCY, ANCHOR, CRON = "frequency_in_minutes", "anchor_time", "cron_expression"
SCHEDULE = (FREQUENCY, ANCHOR, CRON)

INTERVAL_MODE, ANCHORED_MODE, CRON_MODE = "interval", "anchored", "cron"

_PARTS = {INTERVAL_MODE: (FREQUENCY,), ANCHORED_MODE: (FREQUENCY, ANCHOR), CRON_MODE: (CRON,)}
_TITLES = {INTERVAL_MODE: "Every so often", ANCHORED_MODE: "From a set time on", CRON_MODE: "By cron expression"}
_SHOWN_TIMES = 5
_SOON = timedelta(minutes=1)


@dataclass(frozen=True)
class CurrentSchedule:
    """What Stitch tells of the schedule that a source has already.

    Attributes
    ----------
    minutes, due
        Its interval, and when it fires next; None where that is not told, as of a source that is paused.
    is_paused
        Nothing starts before somebody resumes the source.
    """

    minutes: int | None = None
    due: datetime | None = None
    is_paused: bool = False

    @classmethod
    def of(cls, source: Source) -> Self | None:
        """Read it from a source; None where the source was never complete, so that nothing counts yet."""
        schedule = source.schedule
        anchor = next((prop for prop in source.report_card.properties if prop.name == ANCHOR), None)
        if schedule is None and not (anchor is not None and anchor.provided):
            return None
        is_paused = source.paused_at is not None or source.system_paused_at is not None
        if schedule is None or schedule.interval is None or schedule.interval < 1:
            return cls(is_paused=is_paused)
        return cls(int(schedule.interval), schedule.next_fire_time, is_paused)

    def anchor_for(self, minutes: int) -> datetime | None:
        """Tell a moment from which another interval would be counted; None where that cannot be told.

        Stitch counts every interval from one anchor, which it may not tell. The next fire is a whole number of the
        present intervals behind it: a whole number of others too, where they go into the present one.
        """
        if self.minutes is None or self.due is None or self.minutes % minutes:
            return None
        # Shorter intervals begin before the next fire, right behind the last one.
        return self.due.replace(microsecond=0) - timedelta(minutes=self.minutes - minutes)


class ScheduleControl:
    """Which of the three properties count, and when they fire.

    Parameters
    ----------
    fields
        The form's fields by name; those of the three that there are.
    default_minutes
        The type's own interval, None where it is not told.
    now
        Gives the present moment, aware.
    current
        The schedule that there is already; None where there is none yet.
    """

    def __init__(
        self,
        fields: Mapping[str, FormField],
        *,
        default_minutes: int | None,
        now: Callable[[], datetime],
        current: CurrentSchedule | None = None,
    ) -> None:
        self._fields = {name: fields[name] for name in SCHEDULE if name in fields}
        self._default_minutes = default_minutes if isinstance(default_minutes, int) and default_minutes > 0 else None
        self._now = now
        self.current = current
        self.mode = self._modes()[0]

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def __len__(self) -> int:
        return len(self._fields)

    def _modes(self) -> tuple[str, ...]:
        found = [INTERVAL_MODE]
        if FREQUENCY in self._fields and ANCHOR in self._fields:
            found.append(ANCHORED_MODE)
        if CRON in self._fields:
            found.append(CRON_MODE)
        # What Stitch has been given stays with it, and would win over a simpler schedule.
        if CRON in self._fields and self._fields[CRON].baseline is not None:
            found = [CRON_MODE]
        elif ANCHOR in self._fields and self._fields[ANCHOR].baseline is not None:
            found = [mode for mode in found if mode != INTERVAL_MODE]
        return tuple(found)

    def choose(self, mode: str) -> bool:
        """Take another kind of schedule; False where there is no such choice."""
        if mode not in self._modes() or mode == self.mode:
            return False
        self.mode = mode
        return True

    def follow(self) -> None:
        """Take the kind that the values ask for, as the API would: cron wins, then an anchor.

        An anchor that is there and not told is Stitch's own, from which a plain interval is counted.
        """
        given = {name for name, field in self._fields.items() if field.value is not None}
        modes = self._modes()
        wanted = CRON_MODE if CRON in given else ANCHORED_MODE if ANCHOR in given else INTERVAL_MODE
        self.mode = wanted if wanted in modes else modes[0]

    def hides(self, name: str) -> bool:
        """Does a property not count in the chosen kind?"""
        if name not in self._fields or len(self._fields) == 1 or self._fields[name].required:
            return False
        return name not in self._counting

    def needs(self, name: str) -> bool:
        """Must a property be given for the chosen kind?"""
        return name in self._fields and {ANCHORED_MODE: ANCHOR, CRON_MODE: CRON}.get(self.mode) == name

    @property
    def _counting(self) -> tuple[str, ...]:
        # Without an interval of its own, an anchor goes with whatever there is.
        return _PARTS[self.mode] if FREQUENCY in self._fields else (*_PARTS[self.mode], ANCHOR)

    def state(self) -> dict[str, Any]:
        """Tell the page which kind is chosen, and when it fires next, as far as that can be told."""
        rule, now = self._rule(), self._now()
        times = fire_times(rule, now, _SHOWN_TIMES) if rule and self._is_told(rule) else []
        has_seconds = isinstance(rule, CronRule) and any(moment.second for moment in times)
        return {
            "mode": self.mode,
            "modes": [[mode, _TITLES[mode]] for mode in self._modes()],
            "words": self._words(rule) if rule else "",
            "times": [format_time(moment) for moment in times],
            # Those of an interval are those of this very moment. What is about to start would look past without them.
            "exact": has_seconds or bool(times and times[0] - now < _SOON),
            "note": self._note(rule, len(times)) if rule else "",
        }

    def _rule(self) -> ScheduleRule | None:
        counting = [field for name, field in self._fields.items() if not self.hides(name)]
        if any(field.error for field in counting):
            return None
        values = {field.name: field.value for field in counting if field.value is not None}
        if not all(isinstance(value, str) for value in values.values()):
            return None
        current = self.current.minutes if self.current else None
        try:
            rule = schedule_rule(values, default_interval_minutes=current or self._default_minutes)
        except InvalidInputError:
            # A card may take what is no schedule; its field says nothing, and there is nothing to show.
            return None
        if self.current is None or isinstance(rule, CronRule) or rule.anchor is not None:
            return rule
        return replace(rule, anchor=self.current.anchor_for(rule.minutes))

    def _is_told(self, rule: ScheduleRule) -> bool:
        """Is it known what a schedule counts from? What is still to begin is shown as if it began now."""
        return self.current is None or isinstance(rule, CronRule) or rule.anchor is not None

    def _words(self, rule: ScheduleRule) -> str:
        if isinstance(rule, CronRule):
            return cron_words(rule.cron)
        every = format_interval(rule.minutes).capitalize()
        if self.mode != ANCHORED_MODE:
            return (
                f"{every}." if FREQUENCY in self._fields and self._fields[FREQUENCY].given else f"{every}, by default."
            )
        anchor = parse_time(self._fields[ANCHOR].value)
        return f"{every}, counted from {anchor:%Y-%m-%d %H:%M} UTC." if anchor else f"{every}."

    def _note(self, rule: ScheduleRule, count: int) -> str:
        parts = [self._note_on_cron(count) if isinstance(rule, CronRule) else self._note_on_interval(rule)]
        if self.current is not None and self.current.is_paused:
            parts.append("Nothing starts while the source is paused.")
        if CRON in self._fields and self._fields[CRON].baseline is not None:
            parts.append("Stitch keeps a cron expression, and it wins over an interval: every hour is 0 0 * ? * *.")
        return " ".join(part for part in parts if part)

    @staticmethod
    def _note_on_cron(count: int) -> str:
        if count == _SHOWN_TIMES:
            return ""
        return "It does not fire again after that." if count else "It never fires."

    def _note_on_interval(self, rule: IntervalRule) -> str:
        if self.current is None:
            return "" if rule.anchor else "As if the source were complete now: intervals are counted from then."
        if rule.anchor is not None:
            return ""
        begin = "once it is resumed" if self.current.is_paused else "from now"
        return (
            f"Only about: the first start comes within {format_minutes(rule.minutes)} {begin}. "
            "Stitch counts from a moment that it does not tell."
        )
