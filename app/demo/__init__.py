"""The tour of the README, walked against a real server."""
