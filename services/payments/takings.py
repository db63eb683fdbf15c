"""Counting the money that was taken and given back, at the write that makes it so: once, whoever brings the news.

The figures are for dashboards, in major units; what was moved exactly is in the table.
"""

from payments.domain.payment import TAKEN, Payment
from shared.money import Money


def count(before: Payment, after: Payment) -> None:
    """Count what the change of a payment from ``before`` to ``after``, now written, took or gave back."""
    from shared import observability  # only where money moves: webhooks are read without it

    if after.amount is None:
        return
    if after.status in TAKEN and before.status not in TAKEN:
        observability.money("MoneyCaptured", after.amount)
    refunded = _refunded(after) - _refunded(before)
    if refunded:
        observability.money("MoneyRefunded", Money(refunded, after.amount.currency))


def _refunded(payment: Payment) -> int:
    return sum(refund.amount for refund in payment.refunds.values() if refund.reason is None)
