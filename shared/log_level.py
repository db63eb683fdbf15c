"""A log level that a person changes while functions run: a parameter in Parameter Store (docs/decisions/0017).

Standard library only; botocore, which the function has anyway, is imported when the parameter is read.

The parameter's value is {"level": "DEBUG", "until": "2026-01-31T12:00:00Z"}; without one, or past its time, the level
is that of the environment. It is read in a thread beside a request, at most every CHECK_SECONDS, and never during INIT:
no request waits for it, and what goes wrong leaves the level as it is.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from shared import clock

CHECK_SECONDS = 60.0
PATIENCE = 10
"""After a failure it is left alone for so many times CHECK_SECONDS: Parameter Store may be out of reach (in a VPC)."""

TIMEOUT_SECONDS = 1
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class LogLevel:
    """Keeps a logger at the level that is wanted now.

    ``apply`` sets a level by its name, ``default`` is the environment's, ``read`` answers the parameter's value (None
    if there is none), ``now`` tells Unix seconds.
    """

    def __init__(
        self,
        apply: Callable[[str], None],
        default: str,
        read: Callable[[], str | None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._apply = apply
        self._default = default
        self._read = read
        self._now = now
        self._due = 0.0
        self._until = 0.0
        self._reading: threading.Thread | None = None

    def follow(self) -> None:
        """Call at the beginning of each request: ends what has had its time, and looks for news when it is due."""
        now = self._now()
        if self._until and now >= self._until:
            self._set(None)
        if now < self._due or (self._reading is not None and self._reading.is_alive()):
            return
        self._due = now + CHECK_SECONDS
        self._reading = threading.Thread(target=self._look, name="log-level", daemon=True)
        self._reading.start()

    def _look(self) -> None:
        try:
            self._set(self._read())
        except Exception:  # noqa: BLE001 - logging must never fail a request; the level stays what it is
            self._due = self._now() + PATIENCE * CHECK_SECONDS

    def _set(self, value: str | None) -> None:
        wanted: dict[str, Any] = json.loads(value) if value else {}
        until = clock.from_text(wanted["until"]).timestamp() if wanted else 0.0
        if wanted.get("level") not in LEVELS or until <= self._now():
            wanted, until = {}, 0.0
        self._until = until
        self._apply(wanted.get("level", self._default))


def read_parameter(name: str) -> str | None:
    """The value of a parameter, None if there is none; raises for everything else.

    Signed and sent with botocore's own parts instead of a client: the model of ssm alone takes longer to load than all
    that this function has.
    """
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from botocore.httpsession import URLLib3Session

    region = os.environ["AWS_REGION"]
    request = AWSRequest(
        method="POST",
        url=_endpoint(region),
        data=json.dumps({"Name": name}),
        headers={"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AmazonSSM.GetParameter"},
    )
    credentials = Credentials(
        os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ.get("AWS_SESSION_TOKEN")
    )
    SigV4Auth(credentials, "ssm", region).add_auth(request)
    response = URLLib3Session(timeout=TIMEOUT_SECONDS).send(request.prepare())
    answer = json.loads(response.content)
    if response.status_code == 200:
        return str(answer["Parameter"]["Value"])
    if str(answer.get("__type", "")).endswith("ParameterNotFound"):
        return None
    raise RuntimeError(f"Parameter Store answers {response.status_code}")


def _endpoint(region: str) -> str:
    """Where the SDKs would go: their own variables, else AWS's name for the region."""
    own = os.environ.get("AWS_ENDPOINT_URL_SSM") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return own or f"https://ssm.{region}.{suffix}/"
