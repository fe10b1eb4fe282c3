"""Which streams and fields replicate, and why."""
