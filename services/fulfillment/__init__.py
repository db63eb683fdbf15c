"""Fulfillment: carries each order from placed to its end, and undoes what was done when it cannot."""
