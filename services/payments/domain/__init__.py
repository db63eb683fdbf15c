"""The payment of an order: what may be asked of the provider next, and what its answers make of the payment.

Pure: no AWS, no network, no clock. A payment is written with its intent before the provider is called and with the
outcome after, so that whoever comes next knows what may have happened: an intent that is still there must be asked
about, never repeated blindly.
"""
