"""CodeDeploy's events on the default bus: a deployment's change of state."""

from __future__ import annotations

import json
import logging

from scripts.local import engine
from scripts.local.codedeploy.store import Deployment, application_arn, group_arn
from scripts.local.settings import REGION

logger = logging.getLogger("tradepost.codedeploy")
STATES = {"InProgress": "START", "Succeeded": "SUCCESS", "Failed": "FAILURE", "Stopped": "STOP"}


def publish(deployment: Deployment, group_id: str) -> None:
    """Put "CodeDeploy Deployment State-change Notification" for the state that a deployment has now, if possible."""
    info = deployment.info
    application, group = info["applicationName"], info["deploymentGroupName"]
    detail = {
        "region": REGION,
        "deploymentId": deployment.id,
        "instanceGroupId": group_id,
        "deploymentGroup": group,
        "state": STATES[info["status"]],
        "application": application,
    }
    entry = {
        "Source": "aws.codedeploy",
        "DetailType": "CodeDeploy Deployment State-change Notification",
        "Detail": json.dumps(detail),
        "Resources": [group_arn(application, group), application_arn(application)],
    }
    try:
        engine.service("eventbridge")._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.exception("the event of deployment %s was not sent", deployment.id)
