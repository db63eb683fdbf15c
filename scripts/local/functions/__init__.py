"""Lambda: the one path by which a function runs, its environments, versions and aliases, asynchronous events."""
