"""The guides of the last release are run by a test of their own, and have no outputs that nbval could compare."""

collect_ignore = ["released"]
