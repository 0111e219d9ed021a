"""The only door to the ranking: rows in; shortlists with their reasons out."""
