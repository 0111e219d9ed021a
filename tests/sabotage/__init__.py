"""Guards weakened by hand, one at a time, to see that a test notices each."""
