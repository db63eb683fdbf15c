"""Targets of rules and schedules: who may be called, with which retries, and what becomes of undeliverable events."""
