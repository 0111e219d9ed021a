"""Proofs: programs that try to break a promise many times over, and print what they found as one JSON line."""
