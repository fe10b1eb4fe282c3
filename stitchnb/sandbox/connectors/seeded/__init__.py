"""Generated data: the connector of every source type that is not bound to a real one."""
