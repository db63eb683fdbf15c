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
        with tracing.span("payment_store.save", order_id=payment.order_id, version=payment.version + 1):
            try:
                self._write([self._put_over(payment, updated_at)])
            except transactions.RefusedError:
                raise ConcurrentUpdateError(payment.order_id) from None
        return replace(payment, version=payment.version + 1)

    def take_in(self, event_id: str, payment: Payment, changed: Payment, updated_at: str, now: int) -> None:
        """Remember the webhook and, in the same transaction, write what it changed of the payment, if it did.

        ``now`` in epoch seconds. Raises EventSeenError, ConcurrentUpdateError, transactions.BusyError.
        """
        mark = {"order_id": payment.order_id, "record": f"event#{event_id}", "expires_at": now + EVENT_LIFETIME_SECONDS}
        puts = [self._put(mark) | {"ConditionExpression": "attribute_not_exists(order_id)"}]
        if changed != payment:
            puts.append(self._put_over(changed, updated_at))
        try:
            self._write(puts)
        except transactions.RefusedError as refused:
            raise EventSeenError(event_id) if refused.failed(0) else ConcurrentUpdateError(payment.order_id) from None

    def _put_over(self, payment: Payment, updated_at: str) -> dict[str, Any]:
        """Put the payment as its next version, if the stored one is that which it was made of."""
        put = self._put(_values(replace(payment, version=payment.version + 1)) | {"updated_at": updated_at})
        if not payment.version:
            return put | {"ConditionExpression": "attribute_not_exists(order_id)"}
        values = to_item({":version": payment.version})
        return put | {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}

    def _write(self, puts: list[dict[str, Any]]) -> None:
        """All of the puts or none; one alone is no transaction, which would cost twice as much."""
        if len(puts) == 1:
            transactions.write_one(lambda: self.client.put_item(**puts[0]))
        else:
            transactions.write(self.client, [{"Put": put} for put in puts])

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
