"""Engineers and everything known about them."""
