"""The order: its events, the fold of them, and the decisions that add one. Pure: no AWS, no clock, no randomness."""
