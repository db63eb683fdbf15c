"""Functions that a workflow invokes: commands by name, held against the contract in contracts/commands.

An outcome of the business is answered, {"outcome": ...}; what is raised is a fault, which the workflow retries by the
name of its class. Importing pulls in what observability does.
"""

from collections.abc import Callable
from typing import Any

from shared import observability, tracing
from shared.problems import shown
from shared.schemas import CONTRACTS, find_flaws

type Request = dict[str, Any]
type Outcome = dict[str, Any]
type Action = Callable[[Request], Outcome]


class Commands:
    """The commands of a function, each an action that takes the request and answers its outcome."""

    def __init__(self, contract: str) -> None:
        """``contract``: name of the files ``<contract>.request.json`` and ``<contract>.response.json``."""
        self.actions: dict[str, Action] = {}
        self._requests = CONTRACTS / "commands" / f"{contract}.request.json"

    def command(self, name: str) -> Callable[[Action], Action]:
        """Decorate the action of a command, which is the title of its schema in the contract."""

        def register(action: Action) -> Action:
            self.actions[name] = action
            return action

        return register

    def handle(self, request: Request) -> Outcome:
        """Do what the request says; raises ValueError, which names the field, for one that breaks the contract."""
        name = request.get("command")
        if not isinstance(name, str) or name not in self.actions:
            raise ValueError(f"/command: {shown(str(name))} is not a command; there are {', '.join(self.actions)}")
        flaws = find_flaws(request, self._requests, name)
        if flaws:
            raise ValueError("; ".join(f"{flaw.name or 'the request'}: {flaw.detail}" for flaw in flaws))
        order_id = request["order_id"]
        observability.bind(command=name, order_id=order_id)
        with tracing.span("command", command=name, order_id=order_id):
            outcome = self.actions[name](request)
        observability.logger.info("command carried out", extra={"outcome": outcome["outcome"]})
        return outcome
