"""CodeDeploy's errors, by the names that its API documents."""

from __future__ import annotations


class CodeDeployError(Exception):
    """Refuses an API call; `name` is AWS's exception name, such as DeploymentGroupDoesNotExistException."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class DeploymentFailedError(Exception):
    """Ends a deployment; `code` is one of AWS's deployment error codes, such as HOOK_EXECUTION_FAILURE."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
