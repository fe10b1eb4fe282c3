"""What a report card requires, in words and as rules."""
