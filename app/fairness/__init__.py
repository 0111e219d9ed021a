"""Whether groups of people fare alike in the rankings, and what the ranking is: reports for people who decide."""
