"""Runs connectors in an executor, and brings their batches back in files."""
