"""`make redrive`: what failed for good: list it by cause, show one, replay it, purge it."""
