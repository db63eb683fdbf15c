from tests.component.gateway import Call
from tests.component.payments.support import Charge, euros, new_order, new_refund


def test_a_partner_sees_the_payment_of_its_order(charge: Charge, call: Call):
    order_id, refund_id = charge.captured(), new_refund()
    charge("refund", order_id, refund_id=refund_id, amount=euros(250))
    assert call("GET", f"/payments/{order_id}").json == {
        "order_id": order_id,
        "status": "partially_refunded",
        "currency": "EUR",
        "amount": 1000,
        "captured_amount": 1000,
        "refunded_amount": 250,
        "refunds": [{"refund_id": refund_id, "amount": 250, "status": "refunded"}],
    }


def test_a_declined_payment_tells_why(charge: Charge, call: Call):
    order_id = new_order()
    charge.authorize(order_id, "pm_insufficient_funds")
    shown = call("GET", f"/payments/{order_id}").json
    assert (shown["status"], shown["reason"], shown["captured_amount"]) == ("declined", "insufficient_funds", 0)


def test_a_refund_that_was_refused_tells_why(charge: Charge, call: Call):
    order_id = charge.captured("pm_refund_declined")
    charge("refund", order_id, refund_id=new_refund(), amount=euros(250))
    [refund] = call("GET", f"/payments/{order_id}").json["refunds"]
    assert (refund["status"], refund["reason"]) == ("refused", "account_closed")


def test_another_partners_payment_and_none_at_all_look_the_same(charge: Charge, call: Call):
    order_id = charge.captured()
    without_partner = new_order()
    charge("void", without_partner)
    for asked, partner in [
        (order_id, "partner-2"),
        (new_order(), "partner-1"),
        ("42", "partner-1"),
        (without_partner, "partner-1"),
    ]:
        assert call("GET", f"/payments/{asked}", partner=partner).problem == (404, "not_found")
    assert call("GET", f"/payments/{order_id}", partner=None).problem == (403, "invalid_api_key")
    assert call("GET", f"/payments/{order_id}", query={"x": "1"}).problem == (400, "invalid_parameter")
