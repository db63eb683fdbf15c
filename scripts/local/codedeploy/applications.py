"""The API of applications, configurations and tags."""

from __future__ import annotations

import time
import uuid
from typing import Any

from scripts.local.codedeploy import configs
from scripts.local.codedeploy.errors import CodeDeployError
from scripts.local.codedeploy.store import Store, application_arn, group_arn, group_key

Request = dict[str, Any]


class Applications:
    """Each public method is one API action: parsed request in, response out; raises CodeDeployError."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_application(self, request: Request) -> Request:
        name = self._free_name(request.get("applicationName"))
        platform = request.get("computePlatform", "Server")
        if platform != "Lambda":
            raise CodeDeployError(
                "InvalidComputePlatformException", "The local cloud deploys to the compute platform Lambda only."
            )
        made = {
            "applicationId": str(uuid.uuid4()),
            "applicationName": name,
            "computePlatform": platform,
            "createTime": time.time(),
            "linkedToGitHub": False,
        }
        self._store.applications[name] = made
        if request.get("tags"):
            self._store.tags[application_arn(name)] = list(request["tags"])
        return {"applicationId": made["applicationId"]}

    def _free_name(self, name: str | None) -> str:
        if not name:
            raise CodeDeployError("ApplicationNameRequiredException", "The application name is required.")
        if len(name) > 100:
            raise CodeDeployError("InvalidApplicationNameException", "An application name has at most 100 characters.")
        if name in self._store.applications:
            raise CodeDeployError("ApplicationAlreadyExistsException", f"Application already exists: {name}")
        return name

    def get_application(self, request: Request) -> Request:
        return {"application": self._store.application(request)}

    def batch_get_applications(self, request: Request) -> Request:
        names = request.get("applicationNames") or []
        return {"applicationsInfo": [self._store.application({"applicationName": name}) for name in names]}

    def list_applications(self, _: Request) -> Request:
        return {"applications": sorted(self._store.applications)}

    def update_application(self, request: Request) -> Request:
        """Rename it: its groups, deployments and tags follow."""
        application = self._store.application(request)
        old, new = application["applicationName"], self._free_name(request.get("newApplicationName"))
        self._store.applications[new] = self._store.applications.pop(old) | {"applicationName": new}
        for group in [one for one in self._store.groups.values() if one["applicationName"] == old]:
            name = group["deploymentGroupName"]
            self._store.groups[group_key(new, name)] = self._store.groups.pop(group_key(old, name))
            group["applicationName"] = new
            self._move_tags(group_arn(old, name), group_arn(new, name))
        for deployment in self._store.deployments.values():
            if deployment.info["applicationName"] == old:
                deployment.info["applicationName"] = new
        self._move_tags(application_arn(old), application_arn(new))
        return {}

    def _move_tags(self, old: str, new: str) -> None:
        if old in self._store.tags:
            self._store.tags[new] = self._store.tags.pop(old)

    def delete_application(self, request: Request) -> Request:
        """Deleting what is not there succeeds, as on AWS; groups go with their application."""
        name = request.get("applicationName") or ""
        self._store.applications.pop(name, None)
        self._store.tags.pop(application_arn(name), None)
        for key in [key for key, group in self._store.groups.items() if group["applicationName"] == name]:
            group = self._store.groups.pop(key)
            self._store.tags.pop(group_arn(name, group["deploymentGroupName"]), None)
        return {}

    def create_deployment_config(self, request: Request) -> Request:
        made = configs.custom(request, str(uuid.uuid4()), time.time())
        name = made["deploymentConfigName"]
        if name in self._store.configs:
            raise CodeDeployError(
                "DeploymentConfigAlreadyExistsException", f"Deployment configuration already exists: {name}"
            )
        self._store.configs[name] = made
        return {"deploymentConfigId": made["deploymentConfigId"]}

    def get_deployment_config(self, request: Request) -> Request:
        return {"deploymentConfigInfo": self._store.config(request.get("deploymentConfigName"))}

    def list_deployment_configs(self, _: Request) -> Request:
        return {"deploymentConfigsList": sorted({**configs.predefined(), **self._store.configs})}

    def delete_deployment_config(self, request: Request) -> Request:
        name = request.get("deploymentConfigName") or ""
        if name in configs.predefined():
            raise CodeDeployError("InvalidOperationException", "A predefined configuration cannot be deleted.")
        if any(group["deploymentConfigName"] == name for group in self._store.groups.values()):
            raise CodeDeployError("DeploymentConfigInUseException", f"The deployment configuration {name} is in use.")
        self._store.configs.pop(name, None)
        return {}

    def list_tags_for_resource(self, request: Request) -> Request:
        return {"Tags": self._store.tags.get(self._tagged(request), [])}

    def tag_resource(self, request: Request) -> Request:
        arn = self._tagged(request)
        tags = {tag["Key"]: tag for tag in [*self._store.tags.get(arn, []), *(request.get("Tags") or [])]}
        self._store.tags[arn] = list(tags.values())
        return {}

    def untag_resource(self, request: Request) -> Request:
        arn, gone = self._tagged(request), set(request.get("TagKeys") or [])
        self._store.tags[arn] = [tag for tag in self._store.tags.get(arn, []) if tag["Key"] not in gone]
        return {}

    def _tagged(self, request: Request) -> str:
        arn = str(request.get("ResourceArn") or "")
        if not arn:
            raise CodeDeployError("ResourceArnRequiredException", "The ARN of a resource is required.")
        groups = {group_arn(one["applicationName"], one["deploymentGroupName"]) for one in self._store.groups.values()}
        if arn not in {application_arn(name) for name in self._store.applications} | groups:
            raise CodeDeployError("InvalidArnException", f"There is no taggable resource with the ARN {arn}.")
        return arn
