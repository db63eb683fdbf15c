"""State machines for the tests: made with a role of their own, run to their end."""

import json
from dataclasses import dataclass
from typing import Any

from tests.stack.conformance.cloud import Cloud, unique
from tests.stack.conformance.service_roles import service_role
from tests.waiting import eventually


@dataclass(frozen=True)
class Machine:
    """A state machine and its role."""

    cloud: Cloud
    arn: str
    role: str

    def start(self, given: object = None) -> str:
        made = self.cloud.aws("stepfunctions").start_execution(stateMachineArn=self.arn, input=json.dumps(given or {}))
        return str(made["executionArn"])

    def run(self, given: object = None, seconds: float = 20) -> Any:
        """The execution once it has ended."""
        return self.ended(self.start(given), seconds)

    def ended(self, execution: str, seconds: float = 20) -> Any:
        api = self.cloud.aws("stepfunctions")

        def read() -> Any:
            found = api.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return eventually(read, seconds)

    def output(self, given: object = None) -> Any:
        """The output of an execution that succeeds."""
        ended = self.run(given)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def history(self, execution: str) -> list[Any]:
        answer = self.cloud.aws("stepfunctions").get_execution_history(executionArn=execution, maxResults=1000)
        return list(answer["events"])


def machine(cloud: Cloud, states: dict[str, Any], rights: list[str] | None = None, **more: Any) -> Machine:
    """A state machine that starts with the first of `states`; `more` goes to its definition or its settings."""
    settings = {name: more.pop(name) for name in ("loggingConfiguration", "type") if name in more}
    definition = {"StartAt": next(iter(states)), "States": states, **more}
    role, arn = service_role(cloud, "states", ["lambda:InvokeFunction"] if rights is None else rights)
    made = cloud.aws("stepfunctions").create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=arn, **settings
    )
    return Machine(cloud, made["stateMachineArn"], role)


def task(resource: str, arguments: object, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "Parameters": arguments, "End": True, **more}
