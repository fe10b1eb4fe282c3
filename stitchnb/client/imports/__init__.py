"""The Import API: rows and DataFrames pushed into a destination."""
