"""Extraction from a PostgreSQL database."""
