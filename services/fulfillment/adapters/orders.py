"""The commands of the service orders, by its contract: shared/contracts/commands/orders.*.json."""

import json
from dataclasses import dataclass
from typing import Any

type Outcome = dict[str, Any]

_BUSY = {"ConcurrentAppendError", "StoreBusyError"}
"""What the contract says may be raised, and the same command repeated after it."""


class OrdersBusyError(Exception):
    """The order could not be read or changed just now; the same command may be repeated."""


class OrdersFailedError(Exception):
    """The function behind the commands failed, or refused the request as malformed."""


@dataclass(frozen=True, slots=True)
class OrderCommands:
    """``client`` is a Lambda client, ``alias_arn`` that of orders.commands. Every command may be repeated."""

    client: Any
    alias_arn: str

    def describe(self, order_id: str, correlation_id: str) -> Outcome:
        """``found`` with partner_id and status, or ``not_found``."""
        return self._invoke({"command": "describe", "order_id": order_id, "correlation_id": correlation_id})

    def dispatch(self, order_id: str, correlation_id: str, carrier: str, tracking_number: str) -> Outcome:
        """``dispatched``; ``closed`` with the status that forbids it; ``not_found``."""
        request = {"command": "dispatch", "order_id": order_id, "correlation_id": correlation_id}
        return self._invoke({**request, "carrier": carrier, "tracking_number": tracking_number})

    def _invoke(self, request: dict[str, str]) -> Outcome:
        """Raises OrdersBusyError and OrdersFailedError."""
        answer = self.client.invoke(FunctionName=self.alias_arn, Payload=json.dumps(request).encode())
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" not in answer:
            outcome: Outcome = payload
            return outcome
        error_type = str(payload.get("errorType"))
        if error_type in _BUSY:
            raise OrdersBusyError(error_type)
        raise OrdersFailedError(f"{error_type}: {payload.get('errorMessage')}")
