"""What those who wait for a parcel are told."""

from hypothesis import given
from hypothesis import strategies as st

from fulfillment.domain import Dispatched, OrderClosedError, Parcel, Shipment, Status, news
from fulfillment.representation import whole

PARCEL = Parcel("DHL", "77", "2026-01-31T12:00:00.000Z")
SHIPMENTS = st.builds(
    Shipment,
    order_id=st.just("ord_1"),
    partner_id=st.none() | st.just("partner-1"),
    tokens=st.lists(st.text(min_size=1)).map(tuple),
    reminders=st.integers(0, 3),
    parcel=st.none() | st.just(PARCEL),
    order_status=st.none() | st.sampled_from(["canceled", "rejected"]),
)


@given(SHIPMENTS)
def test_whoever_waits_is_told_exactly_when_there_is_news(shipment: Shipment) -> None:
    assert (news(shipment) is None) == (shipment.status is Status.AWAITING_DISPATCH)


def test_a_parcel_counts_before_the_end_of_its_order() -> None:
    unpaid = Shipment("ord_1", parcel=PARCEL, order_status="rejected")
    assert news(unpaid) == Dispatched(PARCEL)
    assert news(Shipment("ord_1", order_status="canceled")) == OrderClosedError("canceled")


@given(SHIPMENTS)
def test_no_token_is_shown(shipment: Shipment) -> None:
    assert not {"tokens", "partner_id"} & set(whole(shipment))
