"""Extraction in other processes, and the files that carry batches back."""
