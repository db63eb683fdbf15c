"""A payment as its partner sees it."""

from typing import Any

from payments.domain.payment import Payment


def shown(payment: Payment) -> dict[str, Any]:
    """JSON values; amounts are minor units. ``reason`` is there only where something was declined or refused."""
    values: dict[str, Any] = {
        "order_id": payment.order_id,
        "status": payment.status.value,
        "currency": payment.amount and payment.amount.currency,
        "amount": payment.amount and payment.amount.amount,
        "captured_amount": payment.captured_amount,
        "refunded_amount": payment.refunded_amount,
        "refunds": [
            {
                "refund_id": refund_id,
                "amount": refund.amount,
                "status": "refunded" if refund.reason is None else "refused",
                **_reason(refund.reason),
            }
            for refund_id, refund in sorted(payment.refunds.items())
        ],
    }
    return values | _reason(payment.reason or payment.capture_refusal)


def _reason(reason: str | None) -> dict[str, str]:
    return {} if reason is None else {"reason": reason}
