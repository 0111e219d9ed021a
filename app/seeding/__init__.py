"""Demonstration data: firms, clients, requests and engineers, the same for the same seed. No room imports it."""
