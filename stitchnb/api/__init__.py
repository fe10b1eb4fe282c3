"""The Connect API as Stitch documents it: its endpoints, and the JSON that they take and give."""
