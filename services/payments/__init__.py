"""Payments: authorizes, captures, voids and refunds at a payment provider, each once, whatever goes wrong meanwhile."""
