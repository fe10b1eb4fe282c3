"""When a schedule fires, and its description in words."""
