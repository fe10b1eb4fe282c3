"""The control of the three properties that set a schedule.

A schedule is an interval, an interval from a set time, or a cron expression. The properties of the other kinds keep
their values, and do not count.
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
_TITLES = {
    INTERVAL_MODE: "At a fixed interval",
    ANCHORED_MODE: "Interval starting at a set time",
    CRON_MODE: "Cron schedule",
}
_SHOWN_TIMES = 5
_SOON = timedelta(minutes=1)


@dataclass(frozen=True)
class CurrentSchedule:
    """The schedule that a source has now.

    Attributes
    ----------
    minutes, due
        The interval and the next run; None if Stitch does not return them, as for a paused source.
    is_paused
        Is the source paused, so that nothing runs?
    """

    minutes: int | None = None
    due: datetime | None = None
    is_paused: bool = False

    @classmethod
    def of(cls, source: Source) -> Self | None:
        """Return the schedule of a source; None if the source was never fully configured."""
        schedule = source.schedule
        anchor = next((prop for prop in source.report_card.properties if prop.name == ANCHOR), None)
        if schedule is None and not (anchor is not None and anchor.provided):
            return None
        is_paused = source.paused_at is not None or source.system_paused_at is not None
        if schedule is None or schedule.interval is None or schedule.interval < 1:
            return cls(is_paused=is_paused)
        return cls(int(schedule.interval), schedule.next_fire_time, is_paused)

    def anchor_for(self, minutes: int) -> datetime | None:
        """Return a time from which another interval would be counted; None if it is not known.

        Stitch counts every interval from one anchor, which it may not return. The next run is a whole number of current
        intervals after it, and also a whole number of new intervals if they divide the current one.
        """
        if self.minutes is None or self.due is None or self.minutes % minutes:
            return None
        # Shorter intervals run before the next run, right after the last one.
        return self.due.replace(microsecond=0) - timedelta(minutes=self.minutes - minutes)


class ScheduleControl:
    """Which of the three properties count, and when the source runs.

    Parameters
    ----------
    fields
        The form's fields by name.
    default_minutes
        The default interval of the type; None if unknown.
    now
        Returns the current time, aware.
    current
        The current schedule of the source; None if it has none yet.
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
        modes = [INTERVAL_MODE]
        if FREQUENCY in self._fields and ANCHOR in self._fields:
            modes.append(ANCHORED_MODE)
        if CRON in self._fields:
            modes.append(CRON_MODE)
        # Stitch keeps these values, and they override a simpler schedule.
        if CRON in self._fields and self._fields[CRON].baseline is not None:
            modes = [CRON_MODE]
        elif ANCHOR in self._fields and self._fields[ANCHOR].baseline is not None:
            modes = [mode for mode in modes if mode != INTERVAL_MODE]
        return tuple(modes)

    def choose(self, mode: str) -> bool:
        """Choose another kind of schedule; return False if there is no such choice."""
        if mode not in self._modes() or mode == self.mode:
            return False
        self.mode = mode
        return True

    def follow(self) -> None:
        """Choose the kind that the values mean, as the API does: cron first, then an anchor.

        An anchor that Stitch does not return is its own; a plain interval is counted from it.
        """
        with_value = {name for name, field in self._fields.items() if field.value is not None}
        modes = self._modes()
        mode = CRON_MODE if CRON in with_value else ANCHORED_MODE if ANCHOR in with_value else INTERVAL_MODE
        self.mode = mode if mode in modes else modes[0]

    def hides(self, name: str) -> bool:
        """Does the property not count for the chosen kind?"""
        if name not in self._fields or len(self._fields) == 1 or self._fields[name].required:
            return False
        return name not in self._counting

    def needs(self, name: str) -> bool:
        """Does the chosen kind require the property?"""
        return name in self._fields and {ANCHORED_MODE: ANCHOR, CRON_MODE: CRON}.get(self.mode) == name

    @property
    def _counting(self) -> tuple[str, ...]:
        # Without an interval property, the anchor goes with any kind.
        return _PARTS[self.mode] if FREQUENCY in self._fields else (*_PARTS[self.mode], ANCHOR)

    def state(self) -> dict[str, Any]:
        """Return the chosen kind and the next runs, as far as they are known, for the page."""
        rule, now = self._rule(), self._now()
        times = fire_times(rule, now, _SHOWN_TIMES) if rule and self._is_known(rule) else []
        has_seconds = isinstance(rule, CronRule) and any(moment.second for moment in times)
        return {
            "mode": self.mode,
            "modes": [[mode, _TITLES[mode]] for mode in self._modes()],
            "words": self._describe(rule) if rule else "",
            "times": [format_time(moment) for moment in times],
            # Without seconds, a run within the next minute would look past.
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
            # A card may accept a value that is not a schedule; there is nothing to show then.
            return None
        if self.current is None or isinstance(rule, CronRule) or rule.anchor is not None:
            return rule
        return replace(rule, anchor=self.current.anchor_for(rule.minutes))

    def _is_known(self, rule: ScheduleRule) -> bool:
        """Is it known from when the schedule counts? A new one is shown as if it started now."""
        return self.current is None or isinstance(rule, CronRule) or rule.anchor is not None

    def _describe(self, rule: ScheduleRule) -> str:
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
            parts.append("Nothing runs while the source is paused.")
        if CRON in self._fields and self._fields[CRON].baseline is not None:
            parts.append(
                "A cron schedule can't be removed, only replaced, and overrides the interval. "
                "For hourly, use 0 0 * ? * *."
            )
        return " ".join(part for part in parts if part)

    @staticmethod
    def _note_on_cron(count: int) -> str:
        if count == _SHOWN_TIMES:
            return ""
        return "It does not run again after that." if count else "It never runs."

    def _note_on_interval(self, rule: IntervalRule) -> str:
        if self.current is None:
            return "" if rule.anchor else "Estimate: the interval starts counting once setup is finished."
        if rule.anchor is not None:
            return ""
        begin = "once it is resumed" if self.current.is_paused else "from now"
        return (
            f"Approximate: the first run happens within {format_minutes(rule.minutes)} {begin}. "
            "Stitch doesn't say when the interval starts counting."
        )
