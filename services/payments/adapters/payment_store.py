"""The table of payments: one item per order, and the marks of webhooks that were taken in.

Importing pulls in nothing of AWS; the client is the caller's.
"""

from dataclasses import dataclass, replace
from typing import Any

from payments.domain.payment import Intent, Operation, Payment, Refund, Status
from shared import tracing, transactions
from shared.dynamodb import from_item, to_item
from shared.money import Money

PAYMENT = "payment"
EVENT_LIFETIME_SECONDS = 30 * 24 * 60 * 60
"""How long a webhook is remembered: longer than any provider tries to deliver it."""


class ConcurrentUpdateError(Exception):
    """Another writer changed the payment first; read it again and decide anew."""


class EventSeenError(Exception):
    """The webhook was taken in before; nothing was written."""


@dataclass(frozen=True, slots=True)
class PaymentStore:
    """Reads and writes payments; ``client`` is a DynamoDB client."""

    client: Any
    table: str

    def load(self, order_id: str) -> Payment | None:
        """The payment of the order, strongly consistent; None if there is none."""
        with tracing.span("payment_store.load", order_id=order_id):
            key = to_item({"order_id": order_id, "record": PAYMENT})
            found = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return _payment(from_item(found["Item"])) if "Item" in found else None

    def save(self, payment: Payment, updated_at: str) -> Payment:
        """Write the payment over the version that it was made of; answers it as it is stored.

        Raises ConcurrentUpdateError if another version is stored by now, transactions.BusyError.
        """
        return self._write(payment, updated_at, [])

    def take_in(self, event_id: str, payment: Payment, changed: Payment, updated_at: str, now: int) -> None:
        """Remember the webhook and, in the same transaction, write what it changed of the payment, if it did.

        ``now`` in epoch seconds. Raises EventSeenError, ConcurrentUpdateError, transactions.BusyError.
        """
        mark = {"order_id": payment.order_id, "record": f"event#{event_id}", "expires_at": now + EVENT_LIFETIME_SECONDS}
        marking = {"Put": self._put(mark) | {"ConditionExpression": "attribute_not_exists(order_id)"}}
        if changed != payment:
            self._write(changed, updated_at, [marking])
            return
        try:
            transactions.write(self.client, [marking])
        except transactions.RefusedError:
            raise EventSeenError(event_id) from None

    def _write(self, payment: Payment, updated_at: str, before: list[dict[str, Any]]) -> Payment:
        stored = replace(payment, version=payment.version + 1)
        put = self._put(_values(stored) | {"updated_at": updated_at})
        if payment.version:
            put["ConditionExpression"] = "version = :version"
            put["ExpressionAttributeValues"] = to_item({":version": payment.version})
        else:
            put["ConditionExpression"] = "attribute_not_exists(order_id)"
        with tracing.span("payment_store.save", order_id=payment.order_id, version=stored.version):
            try:
                transactions.write(self.client, [*before, {"Put": put}])
            except transactions.RefusedError as refused:
                if before and refused.failed(0):
                    raise EventSeenError from None
                raise ConcurrentUpdateError(payment.order_id) from None
        return stored

    def _put(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"TableName": self.table, "Item": to_item(values)}


def _values(payment: Payment) -> dict[str, Any]:
    """The item's values; what is None is left out."""
    values: dict[str, Any] = {
        "order_id": payment.order_id,
        "record": PAYMENT,
        "status": payment.status.value,
        "amount": payment.amount and payment.amount.amount,
        "currency": payment.amount and payment.amount.currency,
        "payment_method": payment.payment_method,
        "partner_id": payment.partner_id,
        "payment_id": payment.payment_id,
        "reason": payment.reason,
        "capture_refusal": payment.capture_refusal,
        "refunds": {name: _refund_values(refund) for name, refund in payment.refunds.items()},
        "intent": payment.intent and _intent_values(payment.intent),
        "version": payment.version,
    }
    return {name: value for name, value in values.items() if value is not None}


def _refund_values(refund: Refund) -> dict[str, Any]:
    return {"amount": refund.amount, "reason": refund.reason}


def _intent_values(intent: Intent) -> dict[str, Any]:
    return {
        "operation": intent.operation.value,
        "key": intent.key,
        "refund_id": intent.refund_id,
        "amount": intent.amount,
    }


def _payment(item: dict[str, Any]) -> Payment:
    """The payment of an item; attributes that it does not know (added by a newer writer) are left aside."""
    intent = item.get("intent")
    return Payment(
        order_id=item["order_id"],
        status=Status(item["status"]),
        amount=Money(item["amount"], item["currency"]) if "amount" in item else None,
        payment_method=item.get("payment_method"),
        partner_id=item.get("partner_id"),
        payment_id=item.get("payment_id"),
        reason=item.get("reason"),
        capture_refusal=item.get("capture_refusal"),
        refunds={name: Refund(refund["amount"], refund["reason"]) for name, refund in item["refunds"].items()},
        intent=intent and Intent(**{**intent, "operation": Operation(intent["operation"])}),
        version=item["version"],
    )
