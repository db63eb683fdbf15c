"""REST API of the stock. See the service's README for what each route answers."""

import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inventory import domain, representation
from inventory.adapters.adjustments import AdjustmentTable, NotAdjustableError, Refusal
from inventory.adapters.stock import BelowReservedError, Count, StockTable
from inventory.domain import Adjustment, Line, RuleBrokenError
from shared import api, aws, config, observability, schemas
from shared.clock import now, to_text
from shared.idempotency import Answer, AnswerStoredError, Record, earlier_answer, hash_body
from shared.ids import is_id, new_id
from shared.json_body import dump
from shared.problems import Flaw, ProblemError, flawed_body, flawed_parameter

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SCHEMAS = Path(__file__).parent.parent / "schemas"
SET_STOCK = SCHEMAS / "set_stock.json"
ADJUST_STOCK = SCHEMAS / "adjust_stock.json"
_SKU = re.compile(r"(?=.{3,32}\Z)[A-Z0-9]+(-[A-Z0-9]+)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Settings:
    """Read from the environment."""

    stock_table: str
    stock_adjustments_table: str
    inventory_idempotency_table: str
    low_stock_threshold: str


@dataclass(frozen=True, slots=True)
class Resources:
    """What requests work with; ``low_stock_threshold`` is that of a new article."""

    stock: StockTable
    adjustments: AdjustmentTable
    idempotency_table: str
    low_stock_threshold: int


@cache
def resources() -> Resources:
    """Made once per process."""
    settings = config.load(Settings)
    client = aws.client("dynamodb")
    stock = StockTable(client, settings.stock_table)
    return Resources(
        stock,
        AdjustmentTable(client, settings.stock_adjustments_table, stock),
        settings.inventory_idempotency_table,
        int(settings.low_stock_threshold),
    )


def _rule_broken(broken: RuleBrokenError) -> ProblemError:
    return flawed_body([Flaw("pointer", broken.pointer, broken.detail)], "unprocessable_adjustment")


def _below_reserved(below: BelowReservedError) -> ProblemError:
    detail = (
        f"{below.reserved} are reserved for orders; count them in, or wait until their orders are shipped or released"
    )
    return flawed_body([Flaw("pointer", "/on_hand", detail)], "insufficient_stock")


def _not_adjustable(refused: NotAdjustableError) -> ProblemError:
    unknown = any(refusal.available is None for refusal in refused.refusals)
    slug = "unprocessable_adjustment" if unknown else "insufficient_stock"
    return flawed_body([_flaw(refusal) for refusal in refused.refusals], slug)


def _flaw(refusal: Refusal) -> Flaw:
    line = refusal.line
    if refusal.available is None:
        detail = f"{line.sku} is not known; set its stock with PUT /stock/{line.sku} first"
        return Flaw("pointer", f"/lines/{refusal.index}/sku", detail)
    detail = f"takes {-line.quantity} of {line.sku}, of which {refusal.available} are available; reserved ones stay"
    return Flaw("pointer", f"/lines/{refusal.index}/quantity", detail)


app = api.Api(
    {
        RuleBrokenError: _rule_broken,
        BelowReservedError: _below_reserved,
        NotAdjustableError: _not_adjustable,
    }
)


@app.route("GET /stock/{sku}")
def get_stock(request: api.Request, sku: str) -> api.Answer:
    """200 with the article's stock as it is now."""
    request.partner()
    request.parameters(())
    found = resources().stock.get(_checked(sku))
    if found is None:
        raise ProblemError("not_found", f"{sku} is not known; set its stock with PUT /stock/{sku}")
    return api.answer(200, representation.stock(found))


@app.route("PUT /stock/{sku}")
def set_stock(request: api.Request, sku: str) -> api.Answer:
    """200 with the stock after it was counted; 201 if the article is new."""
    request.partner()
    request.parameters(())
    body = request.json()
    schemas.validate(body, SET_STOCK)
    count = Count(
        _checked(sku),
        body["on_hand"],
        body.get("low_stock_threshold"),
        resources().low_stock_threshold,
        to_text(now()),
        request.correlation_id,
    )
    counted = resources().stock.count(count)
    observability.count("StockCounted")
    observability.logger.info("stock counted", extra={"sku": sku, "on_hand": counted.on_hand})
    is_new = counted.sequence == 1
    return api.answer(
        201 if is_new else 200, representation.stock(counted), {"Location": f"stock/{sku}"} if is_new else {}
    )


@app.route("POST /stock/adjustments")
def adjust_stock(request: api.Request) -> api.Answer:
    """201 with the adjustment; the very same answer for a repeated Idempotency-Key."""
    partner_id = request.partner()
    request.parameters(())
    key = request.idempotency_key()
    body = request.json()
    schemas.validate(body, ADJUST_STOCK)
    lines = tuple(Line(line["sku"], line["quantity"]) for line in body["lines"])
    domain.check_adjustment(lines)
    adjustment = Adjustment(new_id("adj"), body["reason"], lines, partner_id, to_text(now()), request.correlation_id)
    answer, adjusted = _adjust(adjustment, f"{partner_id}#adjust_stock#{key}", body)
    observability.count("StockAdjusted" if adjusted else "AdjustmentsRepeated")
    keys = {"adjustment_id": answer.location.rpartition("/")[2], "lines": len(lines)}
    observability.logger.info("stock adjusted" if adjusted else "earlier answer repeated", extra=keys)
    return api.answer(answer.status, answer.body, {"Location": answer.location})


@app.route("GET /stock/adjustments/{adjustment_id}")
def get_adjustment(request: api.Request, adjustment_id: str) -> api.Answer:
    """200 with the adjustment as it was made."""
    request.partner()
    request.parameters(())
    # Only a well-formed id goes to the table; any other text cannot name an adjustment.
    found = resources().adjustments.get(adjustment_id) if is_id(adjustment_id, "adj") else None
    if found is None:
        detail = "there is no such adjustment; check the id that POST /stock/adjustments answered"
        raise ProblemError("not_found", detail)
    return api.answer(200, representation.adjustment(found))


@observability.handler(prepare=resources)
def handler(event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
    """Entry point: an API Gateway REST proxy event in, its answer out."""
    return app.handle(event, context)


def _adjust(adjustment: Adjustment, key: str, body: dict[str, Any]) -> tuple[Answer, bool]:
    """Make the adjustment once per key; answers the stored answer and whether it was made just now."""
    location = f"stock/adjustments/{adjustment.adjustment_id}"
    record = Record(key, hash_body(body), Answer(201, dump(representation.adjustment(adjustment)), location))
    try:
        resources().adjustments.add(adjustment, record, resources().idempotency_table, int(time.time()))
    except AnswerStoredError as stored:
        return earlier_answer(stored.record, record.request_hash), False
    return record.answer, True


def _checked(sku: str) -> str:
    if not _SKU.fullmatch(sku):
        advice = (
            "must be 3 to 32 upper-case letters and digits in groups joined by single hyphens, such as TEA-EARL-250"
        )
        raise flawed_parameter("sku", advice)
    return sku
