"""Taking in the provider's webhooks: each once, in whatever order they come, none making a payment go back."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from payments import takings
from payments.adapters.payment_store import ConcurrentUpdateError, EventSeenError, PaymentStore
from payments.domain import settlement
from payments.domain.payment import Refund, Status
from payments.domain.settlement import Sighting
from shared import schemas
from shared.clock import now, to_text

SCHEMA = Path(__file__).parent / "schemas" / "provider_event.json"
ATTEMPTS = 5


class Taken(StrEnum):
    """What became of a webhook."""

    APPLIED = "applied"
    NOTHING_NEW = "nothing_new"
    REPEATED = "repeated"
    OF_NO_PAYMENT = "of_no_payment"


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What happened at the provider, and the payment as it was then."""

    event_id: str
    type: str
    order_id: str
    seen: Sighting


def read(body: Any) -> ProviderEvent:
    """The event in a body; raises ProblemError for one that does not follow schemas/provider_event.json."""
    schemas.validate(body, SCHEMA)
    payment = body["data"]
    # A refund that somebody gave at the provider's own desk has no reference of ours.
    refunds = {
        refund.get("reference") or refund["id"]: Refund(refund["amount"], refund.get("reason"))
        for refund in payment["refunds"]
    }
    seen = Sighting(payment["id"], Status(payment["status"]), payment.get("reason"), refunds)
    return ProviderEvent(body["id"], body["type"], payment["order_id"], seen)


def take_in(store: PaymentStore, event: ProviderEvent) -> Taken:
    """Bring the payment forward to what the event shows, and remember the event.

    Raises ConcurrentUpdateError after ATTEMPTS lost races, transactions.BusyError: the provider sends it again.
    """
    for _ in range(ATTEMPTS):
        payment = store.load(event.order_id)
        if payment is None:
            return Taken.OF_NO_PAYMENT
        changed = settlement.observe(payment, event.seen)
        try:
            store.take_in(event.event_id, payment, changed, to_text(now()), int(time.time()))
        except EventSeenError:
            return Taken.REPEATED
        except ConcurrentUpdateError:
            continue
        takings.count(payment, changed)
        return Taken.NOTHING_NEW if changed == payment else Taken.APPLIED
    raise ConcurrentUpdateError(event.order_id)
