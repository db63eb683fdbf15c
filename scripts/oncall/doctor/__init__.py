"""`make doctor`: what is not well, and what to change."""
