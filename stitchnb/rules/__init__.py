"""Pure functions that client, widgets and sandbox share: what is valid, what replicates, when a schedule fires."""

from stitchnb.rules.quartz import CronError, CronExpression, next_fire_times

__all__ = ["CronError", "CronExpression", "next_fire_times"]
