"""A source's streams and fields: selection, comparison and saving."""
