"""A PostgreSQL database as a destination."""
