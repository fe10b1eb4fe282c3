"""One control for the three properties that set a schedule.

A schedule is every so often, counted from an anchor or not, or a cron expression. What does not belong to the chosen
one keeps its value, and does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.models import format_time, parse_time
from stitchnb.rules.cron_words import cron_words
from stitchnb.rules.schedules import CronRule, ScheduleRule, fire_times, schedule_rule
from stitchnb.rules.words import interval_words

if TYPE_CHECKING:
    from stitchnb.widgets.fields import FormField

FREQUENCY, ANCHOR, CRON = "frequency_in_minutes", "anchor_time", "cron_expression"
SCHEDULE = (FREQUENCY, ANCHOR, CRON)

INTERVAL_MODE, ANCHORED_MODE, CRON_MODE = "interval", "anchored", "cron"

_PARTS = {INTERVAL_MODE: (FREQUENCY,), ANCHORED_MODE: (FREQUENCY, ANCHOR), CRON_MODE: (CRON,)}
_TITLES = {INTERVAL_MODE: "Every so often", ANCHORED_MODE: "From a set time on", CRON_MODE: "By cron expression"}
_SHOWN_TIMES = 5


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
    due
        When a schedule that is in force fires next; None where there is none.
    """

    def __init__(
        self,
        fields: Mapping[str, FormField],
        *,
        default_minutes: int | None,
        now: Callable[[], datetime],
        due: datetime | None = None,
    ) -> None:
        self._fields = {name: fields[name] for name in SCHEDULE if name in fields}
        self._default_minutes = default_minutes if isinstance(default_minutes, int) and default_minutes > 0 else None
        self._now = now
        self._due = due
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
        """Take the kind that the values ask for, as the API would: cron wins, then an anchor."""
        given = {name for name, field in self._fields.items() if field.given}
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
        """Tell the page which kind is chosen, and when it fires next."""
        rule = self._rule()
        times = fire_times(rule, self._now(), _SHOWN_TIMES) if rule else []
        return {
            "mode": self.mode,
            "modes": [[mode, _TITLES[mode]] for mode in self._modes()],
            "words": self._words(rule) if rule else "",
            "times": [format_time(moment) for moment in times],
            "note": self._note(rule, len(times)),
        }

    def _rule(self) -> ScheduleRule | None:
        counting = [field for name, field in self._fields.items() if not self.hides(name)]
        if any(field.error for field in counting):
            return None
        values = {field.name: field.value for field in counting if field.value is not None}
        if not all(isinstance(value, str) for value in values.values()):
            return None
        try:
            return schedule_rule(values, default_interval_minutes=self._default_minutes, anchor=self._known_fire)
        except InvalidInputError:
            # A card may take what is no schedule; its field says nothing, and there is nothing to show.
            return None

    @property
    def _known_fire(self) -> datetime | None:
        """When the schedule in force fires next, as long as nobody changes it."""
        return None if any(field.changed for field in self._fields.values()) else self._due

    def _words(self, rule: ScheduleRule) -> str:
        if isinstance(rule, CronRule):
            return cron_words(rule.cron)
        every = interval_words(rule.minutes).capitalize()
        if self.mode != ANCHORED_MODE:
            return (
                f"{every}." if FREQUENCY in self._fields and self._fields[FREQUENCY].given else f"{every}, by default."
            )
        anchor = parse_time(self._fields[ANCHOR].value)
        return f"{every}, counted from {anchor:%Y-%m-%d %H:%M} UTC." if anchor else f"{every}."

    def _note(self, rule: ScheduleRule | None, count: int) -> str:
        if rule is None:
            return ""
        if isinstance(rule, CronRule):
            rest = "" if count == _SHOWN_TIMES else "It does not fire again after that." if count else "It never fires."
        else:
            is_update = any(field.baseline is not None for field in self._fields.values())
            begin = "this were saved" if is_update else "the source were complete"
            rest = "" if rule.anchor else f"As if {begin} now: intervals are counted from then."
        fixed = self._fields[CRON].baseline is not None if CRON in self._fields else False
        stays = (
            "Stitch keeps a cron expression, and it wins over an interval: every hour is 0 0 * ? * *." if fixed else ""
        )
        return " ".join(part for part in (rest, stays) if part)
