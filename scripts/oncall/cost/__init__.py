"""`make cost`: what an order costs, from measured figures; and what stops traffic from growing."""
