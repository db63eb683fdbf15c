"""What takes a commit to an environment: plans that people read, artifacts that stay the same, drift that is told."""
