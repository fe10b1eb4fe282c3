"""Widgets that show replication jobs."""
