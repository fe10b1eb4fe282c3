"""Extraction by any Singer tap."""
