"""Whatever is asked in whatever order, and whatever goes wrong meanwhile: money is taken once and given back once."""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from payments.adapters.provider_http import OutcomeUnknownError, ProviderUnavailableError
from payments.charging import Charging
from payments.domain import settlement
from payments.domain.decisions import Authorize, Capture, Command, RefundPart, Void
from payments.domain.payment import RANK, TAKEN, Status
from shared.money import Money
from tests.unit.payments.model import CrashError, Fault, ModelProvider, ModelStore

ORDER = "ord_1"
AMOUNT = 100
COMMANDS: list[Command] = [
    Authorize(ORDER, Money(AMOUNT, "EUR"), "pm_any", "partner"),
    Capture(ORDER),
    Void(ORDER),
    *(RefundPart(ORDER, f"rfd_{amount}", Money(amount, "EUR")) for amount in (30, 60, 100)),
]
FINAL = ("captured", "voided", "refunded")

type Step = Callable[["World"], None]


class World:
    """One order's payment, from all sides."""

    def __init__(self, *, declines: bool) -> None:
        self.provider = ModelProvider(declines=declines)
        self.store = ModelStore()
        self.outcomes: dict[Command, str] = {}

    def carry_out(self, command: Command, faults: list[Fault]) -> None:
        self.provider.faults = list(faults)
        with suppress(CrashError, OutcomeUnknownError, ProviderUnavailableError):
            outcome = Charging(self.store, self.provider, lambda: True).carry_out(command)["outcome"]
            if self.outcomes.get(command) in FINAL:
                assert outcome == self.outcomes[command], f"{command} changed its outcome"
            self.outcomes[command] = outcome
        self.provider.faults = []

    def tell(self, index: int) -> None:
        """Deliver a webhook: any of those that there are, again or out of order."""
        if self.provider.events and self.store.payment is not None:
            seen = self.provider.events[index % len(self.provider.events)]
            changed = settlement.observe(self.store.payment, seen)
            if changed != self.store.payment:
                self.store.save(changed, "")

    def arrive(self, index: int) -> None:
        """A request that was given up arrives after all."""
        if self.provider.late:
            self.provider.arrive(self.provider.late.pop(index % len(self.provider.late)))

    def check(self) -> None:
        provider = self.provider
        assert provider.charges <= 1
        assert provider.captured in (0, AMOUNT)
        assert sum(provider.refunds.values()) <= provider.captured
        ranks = [RANK[status] for status in self.store.history]
        assert ranks == sorted(ranks), f"the payment went back: {self.store.history}"
        payment = self.store.payment
        if payment is not None:
            assert payment.captured_amount <= provider.captured
            assert payment.refunded_amount <= payment.captured_amount
        for command, outcome in self.outcomes.items():
            if isinstance(command, RefundPart) and outcome == "refunded":
                assert provider.refunds[command.refund_id] == command.amount.amount
        assert ("captured" in self.outcomes.values()) <= (provider.captured > 0)
        assert not (provider.captured and provider.voided)


STEPS: st.SearchStrategy[Step] = st.one_of(
    st.builds(
        lambda command, faults: lambda world: world.carry_out(command, faults),
        st.sampled_from(COMMANDS),
        st.lists(st.sampled_from(Fault), max_size=4),
    ),
    st.builds(lambda index: lambda world: world.tell(index), st.integers(0, 9)),
    st.builds(lambda index: lambda world: world.arrive(index), st.integers(0, 3)),
)


@given(st.booleans(), st.lists(STEPS, max_size=25))
def test_money_is_conserved(declines: bool, steps: list[Step]):
    world = World(declines=declines)
    for step in steps:
        step(world)
        world.check()


@given(st.booleans(), st.lists(STEPS, max_size=15))
def test_when_all_is_said_and_done_the_table_tells_what_the_provider_does(declines: bool, steps: list[Step]):
    world = World(declines=declines)
    for step in steps:
        step(world)
    while world.provider.late:
        world.arrive(0)
    world.carry_out(Void(ORDER), [])
    for index in range(len(world.provider.events)):
        world.tell(index)
    world.check()
    payment = world.store.payment
    assert payment is not None
    assert payment.captured_amount == world.provider.captured
    assert payment.refunded_amount == sum(world.provider.refunds.values())
    assert world.provider.authorized == world.provider.captured, "something is still held"
    assert payment.status is Status.VOIDED or payment.status in TAKEN
