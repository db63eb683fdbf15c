"""Executions of the workflow that wait with a task token, and what ends their wait."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from fulfillment.domain import Dispatched, News, OrderClosedError, Shipment, news
from shared.aws import error_code

_OVER = {"InvalidToken", "TaskDoesNotExist", "TaskTimedOut"}
"""The wait has ended already: told before, timed out (and waiting again with another token), or stopped."""


@dataclass(frozen=True, slots=True)
class Executions:
    """``client`` is a Step Functions client."""

    client: Any

    def tell(self, shipment: Shipment) -> int:
        """Tell every execution that waits for the shipment what became of it; answers how many were still waiting."""
        told = news(shipment)
        return 0 if told is None else sum(self._end(token, told) for token in dict.fromkeys(shipment.tokens))

    def _end(self, token: str, told: News) -> bool:
        from botocore.exceptions import ClientError

        try:
            match told:
                case Dispatched(parcel):
                    self.client.send_task_success(taskToken=token, output=json.dumps(asdict(parcel)))
                case OrderClosedError(order_status):
                    error = OrderClosedError.__name__
                    self.client.send_task_failure(taskToken=token, error=error, cause=f"The order is {order_status}.")
        except ClientError as error:
            if error_code(error) not in _OVER:
                raise
            return False
        return True
