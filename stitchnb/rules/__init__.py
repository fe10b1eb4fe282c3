"""Pure functions that client, widgets and sandbox share: what is valid, what replicates, when a schedule fires."""

from stitchnb.rules.schedules.describe import cron_words
from stitchnb.rules.schedules.quartz import CronError, CronExpression, next_fire_times
from stitchnb.rules.schedules.schedule import fire_times, schedule_rule

__all__ = ["CronError", "CronExpression", "cron_words", "fire_times", "next_fire_times", "schedule_rule"]
