"""Forms made from report cards."""
