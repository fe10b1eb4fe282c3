"""What the API's resources do: the routes parse and delegate to here."""
