"""The shipments, the executions that wait for them, and the orders, which decide."""
