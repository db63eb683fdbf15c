"""X-Ray groups: named filter expressions, with the operations that Terraform's aws_xray_group calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from scripts.local.settings import ACCOUNT_ID, REGION
from scripts.local.xray.errors import ApiError
from scripts.local.xray.filters import compile_filter

Body = dict[str, Any]


class Groups:
    """Groups and tags by ARN."""

    def __init__(self) -> None:
        self.by_arn: dict[str, Body] = {}
        self.tags: dict[str, dict[str, str]] = {}

    def create(self, body: Body) -> Body:
        name = str(body.get("GroupName", ""))
        if any(group["GroupName"] == name for group in self.by_arn.values()):
            raise ApiError("InvalidRequestException", f"Group already exists with name: {name}")
        compile_filter(body.get("FilterExpression") or "")
        arn = f"arn:aws:xray:{REGION}:{ACCOUNT_ID}:group/{name}/{secrets.token_hex(26).upper()[:52]}"
        self.by_arn[arn] = {
            "GroupName": name,
            "GroupARN": arn,
            "FilterExpression": body.get("FilterExpression") or "",
            "InsightsConfiguration": _insights(body),
        }
        self.tags[arn] = {tag["Key"]: tag["Value"] for tag in body.get("Tags") or []}
        return {"Group": self.by_arn[arn]}

    def update(self, body: Body) -> Body:
        group = self.find(body)
        compile_filter(body.get("FilterExpression") or "")
        if "FilterExpression" in body:
            group["FilterExpression"] = body["FilterExpression"]
        if "InsightsConfiguration" in body:
            group["InsightsConfiguration"] = _insights(body)
        return {"Group": group}

    def delete(self, body: Body) -> Body:
        arn = self.find(body)["GroupARN"]
        del self.by_arn[arn]
        self.tags.pop(arn, None)
        return {}

    def find(self, body: Body) -> Body:
        """The group of a request's GroupName or GroupARN."""
        for arn, group in self.by_arn.items():
            if body.get("GroupARN") == arn or body.get("GroupName") == group["GroupName"]:
                return group
        raise ApiError("InvalidRequestException", "Group not found")

    def filter_of(self, body: Body) -> str:
        """The filter expression of the group that a request names, or none."""
        named = body.get("GroupARN") or body.get("GroupName") not in (None, "Default")
        return str(self.find(body)["FilterExpression"]) if named else ""

    def list_tags(self, body: Body) -> Body:
        tags = self.tags.get(str(body.get("ResourceARN")), {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def tag(self, body: Body) -> Body:
        tags = self.tags.setdefault(str(body.get("ResourceARN")), {})
        tags.update({tag["Key"]: tag["Value"] for tag in body.get("Tags") or []})
        return {}

    def untag(self, body: Body) -> Body:
        tags = self.tags.get(str(body.get("ResourceARN")), {})
        for key in body.get("TagKeys") or []:
            tags.pop(key, None)
        return {}


def operations(found: Groups) -> dict[str, Callable[[Body], Body]]:
    """Operations by path."""
    return {
        "/CreateGroup": found.create,
        "/UpdateGroup": found.update,
        "/DeleteGroup": found.delete,
        "/GetGroup": lambda body: {"Group": found.find(body)},
        "/Groups": lambda _: {"Groups": list(found.by_arn.values())},
        "/ListTagsForResource": found.list_tags,
        "/TagResource": found.tag,
        "/UntagResource": found.untag,
    }


def _insights(body: Body) -> Body:
    given = body.get("InsightsConfiguration") or {}
    return {
        "InsightsEnabled": bool(given.get("InsightsEnabled")),
        "NotificationsEnabled": bool(given.get("NotificationsEnabled")),
    }
