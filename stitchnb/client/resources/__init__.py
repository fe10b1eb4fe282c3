"""One module per resource of the Connect API."""
