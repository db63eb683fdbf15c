"""CodeDeploy's JSON API: one action per request, off the event loop because a deployment calls Lambda's API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from scripts.local import added_service, engine
from scripts.local.added_service import Answer
from scripts.local.codedeploy import managed_policies
from scripts.local.codedeploy.applications import Applications
from scripts.local.codedeploy.deployments import Deployments
from scripts.local.codedeploy.deployments_api import DeploymentsApi
from scripts.local.codedeploy.errors import CodeDeployError
from scripts.local.codedeploy.groups import Groups
from scripts.local.codedeploy.store import Store, application_arn, group_arn
from scripts.local.settings import ACCOUNT_ID, REGION

_HEADERS = {"Content-Type": "application/x-amz-json-1.1"}


class CodeDeploy:
    """The service as the engine sees it."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._store = Store()
        self._deployments = Deployments(self._store, changed)
        self._actions = _actions(
            Applications(self._store), Groups(self._store), DeploymentsApi(self._store, self._deployments)
        )

    def start(self) -> None:
        """Go on with the deployments that the state holds; call it once the state is restored."""
        self._deployments.start()

    async def handle_request(
        self, _method: str, _path: str, headers: dict[str, str], body: bytes, _query_params: dict[str, Any]
    ) -> Answer:
        action = self._actions.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if action is None:
            return _error("UnknownOperationException", "The local cloud's CodeDeploy does not have this operation.")
        request = json.loads(body or b"{}")

        def answer() -> Answer:
            with self._store.changed:
                try:
                    return 200, dict(_HEADERS), json.dumps(action(request)).encode()
                except CodeDeployError as error:
                    return _error(error.name, str(error))

        found: Answer = await engine.core("concurrency").run_reentrant(answer, thread_name="codedeploy")
        return found

    def get_state(self) -> dict[str, Any]:
        return self._store.to_state()

    def load_persisted_state(self, data: dict[str, Any]) -> None:
        self._store.from_state(data)

    def reset(self) -> None:
        with self._store.changed:
            for kept in ("applications", "groups", "configs", "deployments", "tags"):
                getattr(self._store, kept).clear()

    def resource(self, action: str, request: dict[str, Any]) -> str:
        """The ARN that IAM checks: a group's for all that deploys, an application's or a configuration's otherwise."""
        if request.get("deploymentConfigName") and action.endswith("DeploymentConfig"):
            return f"arn:aws:codedeploy:{REGION}:{ACCOUNT_ID}:deploymentconfig:{request['deploymentConfigName']}"
        if "ResourceArn" in request:
            return str(request["ResourceArn"])
        application = request.get("applicationName")
        group = request.get("deploymentGroupName") or request.get("currentDeploymentGroupName")
        deployment = self._store.deployments.get(request.get("deploymentId") or "")
        if deployment is not None:
            application, group = deployment.info["applicationName"], deployment.info["deploymentGroupName"]
        if application is None:
            return "*"
        return application_arn(application) if group is None else group_arn(application, group)


def install(changed: Callable[[], None]) -> CodeDeploy:
    """Add the service to the engine; `changed` tells the snapshots what happened outside a request."""
    service = CodeDeploy(changed)
    managed_policies.install()
    added_service.register("codedeploy", "CodeDeploy_20141006", service, service.resource)
    return service


def _actions(*apis: object) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
    """Every public method under the name of its action: get_application is GetApplication."""
    return {
        re.sub("(?:^|_)([a-z])", lambda found: found[1].upper(), name): getattr(api, name)
        for api in apis
        for name in dir(api)
        if not name.startswith("_")
    }


def _error(name: str, message: str) -> Answer:
    return 400, dict(_HEADERS), json.dumps({"__type": name, "message": message}).encode()
