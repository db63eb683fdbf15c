"""The tooling behind the Makefile: build, deploy, local cloud, demo. Nothing that runs on Lambda imports it."""
