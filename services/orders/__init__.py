"""Orders: places, cancels and shows orders, and keeps every event of them."""
