"""Keeps the read model equal to the fold of the events, whatever order changes are told in and however often."""

from orders.adapters.event_store import EventStore
from orders.adapters.read_model import ReadModel
from orders.domain.order import fold


def refresh(store: EventStore, read_model: ReadModel, order_id: str) -> bool:
    """Store the order's row as its events are now; answers whether a row was written.

    The events are read anew (consistently), so that a late or repeated call can only bring the row forward.
    """
    order = fold(store.load(order_id))
    return order is not None and read_model.put(order)
