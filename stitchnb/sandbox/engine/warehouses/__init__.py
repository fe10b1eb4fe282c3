"""Destinations that the sandbox can load into, and the rules of loading that they share."""
