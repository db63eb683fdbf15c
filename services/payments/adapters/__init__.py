"""What the service talks to: its table, the payment provider, the versions of the provider's secret."""
