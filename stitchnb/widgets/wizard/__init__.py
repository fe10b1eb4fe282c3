"""The wizard: from a source type to loaded rows, one step at a time."""
