"""Background work: connection checks, replication jobs, imports and deliveries to post-load hooks."""
