"""A payment provider to talk to over real HTTP: authorizations, captures, voids, refunds, API keys, signed webhooks.

It belongs to the local cloud as the shop's bank belongs to the shop: started and stopped with it, but no part of AWS.
Alone: `python -m scripts.local.psp --port 4700`. What it answers is in docs/payment-provider.md.
"""
