"""REST API of the payments. See the service's README for what each route answers."""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from payments.adapters.payment_store import PaymentStore
from payments.representation import shown
from shared import api, aws, config, observability
from shared.ids import is_id
from shared.problems import ProblemError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    payments_table: str


@cache
def store() -> PaymentStore:
    """Made once per process."""
    return PaymentStore(aws.client("dynamodb"), config.load(Settings).payments_table)


app = api.Api({})


@app.route("GET /payments/{order_id}")
def get_payment(request: api.Request, order_id: str) -> api.Answer:
    """200 with the payment of one of the partner's own orders."""
    partner_id = request.partner()
    request.parameters(())
    payment = None
    # Only a well-formed id goes into logs and to the table; any other text cannot name an order.
    if is_id(order_id, "ord"):
        observability.bind(order_id=order_id)
        payment = store().load(order_id)
    if payment is None or payment.partner_id != partner_id:
        detail = "there is no payment for such an order; one is made when the order is being fulfilled"
        raise ProblemError("not_found", detail)
    return api.answer(200, shown(payment))


@observability.handler(prepare=store)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: an API Gateway REST proxy event in, its answer out."""
    return app.handle(event, context)
