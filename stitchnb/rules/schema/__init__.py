"""JSON Schema as Stitch's report cards use it."""
