"""Carrying out commands: write the intent, call the provider, write the outcome; where an intent is left, ask first.

A crash between any two of these steps leaves an intent, which the next attempt resolves by asking the provider.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from payments import takings
from payments.adapters.payment_store import ConcurrentUpdateError
from payments.adapters.provider_http import OutcomeUnknownError
from payments.domain import decisions, settlement
from payments.domain.decisions import Ask, Call, Command, Done, Outcome
from payments.domain.payment import Payment
from payments.domain.settlement import Reply
from shared import observability
from shared.clock import now, to_text
from shared.transactions import BusyError

ROUNDS = 8
"""Most reads of the payment for one command: each lost race and each answer that is found costs one."""


class Store(Protocol):
    """Where payments are kept."""

    def load(self, order_id: str, /) -> Payment | None: ...

    def save(self, payment: Payment, updated_at: str, /) -> Payment: ...


class Provider(Protocol):
    """Who moves the money."""

    def perform(self, payment: Payment) -> Reply: ...

    def ask(self, key: str) -> Reply | None: ...


@dataclass(slots=True)
class TimeBudget:
    """Whether there is time for one more exchange; ``remaining`` tells the milliseconds that are left."""

    needed_seconds: float
    remaining: Callable[[], int] = lambda: 0

    def suffices(self) -> bool:
        return self.remaining() >= self.needed_seconds * 1000


@dataclass(frozen=True, slots=True)
class Charging:
    """``has_time`` tells whether one more call to the provider, at its worst, and the writes around it fit in."""

    store: Store
    provider: Provider
    has_time: Callable[[], bool]

    def carry_out(self, command: Command) -> Outcome:
        """The outcome of the command, the same however often it comes.

        Raises ConflictingCommandError; and for another attempt later ProviderUnavailableError, OutcomeUnknownError.
        """
        unanswered = False
        for _ in range(ROUNDS):
            step = decisions.decide(self.store.load(command.order_id), command)
            try:
                if isinstance(step, Done):
                    if step.payment is not None:
                        self._save(step.payment)
                    return step.outcome
                self._go(step)
            except ConcurrentUpdateError:
                observability.logger.info("another attempt changed the payment; reading it again")
            except BusyError as error:
                raise OutcomeUnknownError("the table of payments is busy; what was done is not written yet") from error
            except OutcomeUnknownError as error:
                if unanswered:
                    raise
                # The next round finds the intent, and asks at once: most often the answer alone was lost.
                unanswered = True
                observability.logger.warning("the provider did not answer; asking it what happened", exc_info=error)
                observability.count("ProviderOutcomesUnknown")
        raise OutcomeUnknownError("the payment kept changing; try again")

    def _go(self, step: Call | Ask) -> None:
        """One exchange with the provider, and what it makes of the payment."""
        if not self.has_time():
            raise OutcomeUnknownError("there is not enough time left to call the provider and to write its answer")
        if isinstance(step, Call):
            payment = self._save(step.payment)
            self._settle(payment, settlement.settle(payment, self.provider.perform(payment)))
            return
        payment = step.payment
        reply = self.provider.ask(payment.intent.key) if payment.intent else None
        self._settle(payment, settlement.abandon(payment) if reply is None else settlement.settle(payment, reply))
        observability.count("ProviderOutcomesResolved")

    def _settle(self, before: Payment, after: Payment) -> None:
        self._save(after)
        takings.count(before, after)

    def _save(self, payment: Payment) -> Payment:
        return self.store.save(payment, to_text(now()))
