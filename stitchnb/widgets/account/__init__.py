"""The account as a page: its sources, and everything about the source that is open."""
