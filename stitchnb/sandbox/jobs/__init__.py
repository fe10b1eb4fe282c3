"""The sandbox's engine: connectors extract, warehouses load, and a job is one after the other."""
