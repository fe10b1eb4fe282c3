"""Replication jobs: status, streams, history, and how they are shown."""
