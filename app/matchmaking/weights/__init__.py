"""What counts how much for a client: sets of weights with a history, and what its decisions suggest."""
