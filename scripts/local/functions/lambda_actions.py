"""The IAM action of a call to Lambda's API: the operation's own, where the engine knows only the kind of resource."""

from __future__ import annotations

from scripts.local import engine


def install() -> None:
    """UpdateAlias is lambda:UpdateAlias, not lambda:ListAliases; found in AWS's model of the API."""
    actions = engine.core("iam_actions")
    actions._BOTOCORE_SERVICE_MAP["lambda"] = ["lambda"]
    by_resource = actions._lambda_action

    def by_operation(method: str, path: str) -> str | None:
        if path.endswith("/invocations"):
            return "InvokeFunction"
        found = actions._match_rest_action("lambda", method, path) or by_resource(method, path)
        return None if found is None else {"InvokeAsync": "InvokeFunction"}.get(found, str(found))

    actions._lambda_action = by_operation
