"""Published versions of functions, invoked by their number and past every alias."""

import json
from dataclasses import dataclass
from typing import Any

from operations.domain import Answer, Candidate
from shared.observability import HEALTH_EVENT


@dataclass(frozen=True, slots=True)
class Versions:
    """``client`` is a Lambda client that waits for a cold start."""

    client: Any

    def health(self, candidate: Candidate) -> Answer:
        """What the version answers to the health event."""
        answer = self.client.invoke(
            FunctionName=f"{candidate.function}:{candidate.version}", Payload=json.dumps(HEALTH_EVENT).encode()
        )
        return Answer(json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError"))
