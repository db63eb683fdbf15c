"""The table of shipments, one item per order. Every write answers the whole item as it is then.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass
from typing import Any

from fulfillment.domain import Parcel, Shipment
from shared.dynamodb import Item, from_item, to_attribute


@dataclass(frozen=True, slots=True)
class Shipments:
    """Reads and writes shipments. All writes are of one item, so that of two neither misses the other."""

    client: Any
    table: str

    def get(self, order_id: str) -> Shipment | None:
        """The order's shipment, strongly consistent; None if nothing was heard of the order."""
        found = self.client.get_item(TableName=self.table, Key=_key(order_id), ConsistentRead=True)
        return _shipment(found["Item"]) if "Item" in found else None

    def add_wait(self, order_id: str, partner_id: str, token: str, reminders: int) -> Shipment:
        """Keep the token of an execution that waits, and that the shop was reminded ``reminders`` times."""
        update = "SET partner_id = :partner, reminders = :reminders"
        update += ", tokens = list_append(if_not_exists(tokens, :none), :token)"
        values = {":partner": partner_id, ":reminders": reminders, ":none": [], ":token": [token]}
        return self._update(order_id, update, values)

    def record_parcel(self, order_id: str, parcel: Parcel, partner_id: str | None = None) -> Shipment:
        """The parcel went out. The first one stays: the order takes no other."""
        update = "SET parcel = if_not_exists(parcel, :parcel)"
        values: dict[str, Any] = {
            ":parcel": {
                "carrier": parcel.carrier,
                "tracking_number": parcel.tracking_number,
                "dispatched_at": parcel.dispatched_at,
            }
        }
        if partner_id is not None:
            update += ", partner_id = :partner"
            values[":partner"] = partner_id
        return self._update(order_id, update, values)

    def record_end(self, order_id: str, order_status: str) -> Shipment:
        """The order ended (``canceled``, ``rejected``); kept too where nobody waits yet, for who comes late."""
        return self._update(order_id, "SET order_status = :status", {":status": order_status})

    def _update(self, order_id: str, update: str, values: dict[str, Any]) -> Shipment:
        changed = self.client.update_item(
            TableName=self.table,
            Key=_key(order_id),
            UpdateExpression=update,
            ExpressionAttributeValues={name: to_attribute(value) for name, value in values.items()},
            ReturnValues="ALL_NEW",
        )
        return _shipment(changed["Attributes"])


def _key(order_id: str) -> Item:
    return {"order_id": to_attribute(order_id)}


def _shipment(item: Item) -> Shipment:
    values = from_item(item)
    return Shipment(
        order_id=values["order_id"],
        partner_id=values.get("partner_id"),
        tokens=tuple(values.get("tokens", ())),
        reminders=values.get("reminders", 0),
        parcel=Parcel(**values["parcel"]) if "parcel" in values else None,
        order_status=values.get("order_status"),
    )
