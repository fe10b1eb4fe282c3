"""The sandbox's durable state, in one SQLite file."""
