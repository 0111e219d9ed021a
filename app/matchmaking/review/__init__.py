"""What people make of a shortlist: that they have seen it, and what they decided about whom."""
