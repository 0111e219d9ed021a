"""Nothing of one organisation reaches another: every route is held against the permission table."""
