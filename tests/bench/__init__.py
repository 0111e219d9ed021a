"""Benchmarks: each prints one JSON line, with a ratio against a named peer measured in the same run."""
