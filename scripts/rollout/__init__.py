"""Releases through CodeDeploy: start and watch them, take them back, list them."""
