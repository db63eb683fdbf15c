"""A provider and a table in memory, with everything that can go wrong between them and the code."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from payments.adapters.payment_store import ConcurrentUpdateError
from payments.adapters.provider_http import OutcomeUnknownError, ProviderUnavailableError
from payments.domain.payment import Operation, Payment, Refund, Status
from payments.domain.settlement import Accepted, Conflict, Declined, Reply, Sighting


class Fault(StrEnum):
    """What happens to one exchange with the provider."""

    NONE = "none"
    REFUSED = "the provider is down"
    LOST = "the request never arrives"
    LATE = "the request arrives much later"
    UNANSWERED = "it is done, the answer is lost"
    CRASH_BEFORE = "the process ends before the request is sent"
    CRASH_AFTER = "the process ends before the answer is written"


class CrashError(Exception):
    """The process is gone."""


@dataclass
class ModelProvider:
    """One order's account at the provider, by its rules: a key does a thing once, a voided key nothing any more."""

    declines: bool = False
    authorized: int = 0
    captured: int = 0
    voided: bool = False
    refunds: dict[str, int] = field(default_factory=dict)
    charges: int = 0
    answers: dict[str, Reply] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    late: list[Payment] = field(default_factory=list)
    events: list[Sighting] = field(default_factory=list)

    def perform(self, payment: Payment) -> Reply:
        fault = self._next_fault()
        if fault is Fault.CRASH_BEFORE:
            raise CrashError
        if fault is Fault.REFUSED:
            raise ProviderUnavailableError
        if fault in (Fault.LOST, Fault.LATE):
            if fault is Fault.LATE:
                self.late.append(payment)
            raise OutcomeUnknownError
        reply = self.arrive(payment)
        if fault is Fault.CRASH_AFTER:
            raise CrashError
        if fault is Fault.UNANSWERED:
            raise OutcomeUnknownError
        return reply

    def ask(self, key: str) -> Reply | None:
        fault = self._next_fault()
        if fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER):
            raise CrashError
        if fault is not Fault.NONE:
            raise ProviderUnavailableError
        return self.answers.get(key)

    def arrive(self, payment: Payment) -> Reply:
        """A request reaches the provider."""
        assert payment.intent is not None
        if payment.intent.key not in self.answers:
            self.answers[payment.intent.key] = self._do(payment)
        return self.answers[payment.intent.key]

    def _do(self, payment: Payment) -> Reply:
        intent = payment.intent
        assert intent is not None
        assert payment.amount is not None
        act: dict[Operation, Callable[[], Reply]] = {
            Operation.AUTHORIZE: lambda: self._authorize(payment.amount.amount),  # type: ignore[union-attr]
            Operation.CAPTURE: self._capture,
            Operation.VOID: lambda: self._void(payment.authorization_key),
            Operation.REFUND: lambda: self._refund(str(intent.refund_id), intent.amount or 0),
        }
        return act[intent.operation]()

    def _authorize(self, amount: int) -> Reply:
        self.charges += 1
        if self.declines:
            self._tell(Status.DECLINED, "card_declined")
            return Declined("card_declined")
        self.authorized = amount
        self._tell(Status.AUTHORIZED)
        return Accepted("pay_1")

    def _capture(self) -> Reply:
        if self.voided or not self.authorized:
            return Conflict("voided")
        self.captured = self.authorized
        self._tell(Status.CAPTURED)
        return Accepted("pay_1")

    def _void(self, authorization_key: str) -> Reply:
        if self.captured:
            return Conflict("captured")
        self.answers.setdefault(authorization_key, Conflict("voided"))
        self.voided, self.authorized = True, 0
        self._tell(Status.VOIDED)
        return Accepted()

    def _refund(self, refund_id: str, amount: int) -> Reply:
        if amount > self.captured - sum(self.refunds.values()):
            return Conflict("exceeds_captured")
        self.refunds[refund_id] = amount
        self._tell(Status.REFUNDED if sum(self.refunds.values()) == self.captured else Status.CAPTURED)
        return Accepted("ref_1")

    def _tell(self, status: Status, reason: str | None = None) -> None:
        refunds = {name: Refund(amount) for name, amount in self.refunds.items()}
        self.events.append(Sighting("pay_1", status, reason, refunds))

    def _next_fault(self) -> Fault:
        return self.faults.pop(0) if self.faults else Fault.NONE


@dataclass
class ModelStore:
    """The table of one payment; writes fail when someone else's came between."""

    payment: Payment | None = None
    history: list[Status] = field(default_factory=list)

    def load(self, _order_id: str) -> Payment | None:
        return self.payment

    def save(self, payment: Payment, _updated_at: str) -> Payment:
        if payment.version != (self.payment.version if self.payment else 0):
            raise ConcurrentUpdateError
        self.payment = replace(payment, version=payment.version + 1)
        self.history.append(payment.status)
        return self.payment
