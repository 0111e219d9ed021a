"""What was found in profiles that was written for a ranking, and what people decided about it."""
