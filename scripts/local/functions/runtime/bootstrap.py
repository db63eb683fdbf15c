"""The Python runtime inside an execution environment: a client of the Lambda Runtime API, standard library only.

It runs in a bare interpreter that knows nothing of this repository, imports the handler and then asks for one
invocation after the other. The real `awslambdaric` can take its place: both speak the same HTTP API.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import socket
import sys
import time
import traceback

API = "/2018-06-01/runtime"
FRAMES_OF_THIS_FILE = 1


class Context:
    """The second argument of a handler, with the names that Lambda's Python runtime gives them."""

    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.client_context = None
        self.identity = None
        self._deadline_ms = int(headers["lambda-runtime-deadline-ms"])

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))


class RuntimeApi:
    """One keep-alive HTTP connection to the Runtime API; `call` returns (status, headers, body)."""

    def __init__(self, address):
        host, port = address.split(":")
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")
        self._host = address

    def call(self, method, path, body=b"", headers=""):
        head = f"{method} {API}{path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        self._socket.sendall(head.encode() + body)
        status_line = self._reader.readline()
        if not status_line:
            os._exit(0)
        received = {}
        while line := self._reader.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            received[name.lower()] = value.strip()
        length = int(received.get("content-length", 0))
        return int(status_line.split()[1]), received, self._reader.read(length)


def main():
    task_root = os.environ["LAMBDA_TASK_ROOT"]
    layers = os.environ.pop("TRADEPOST_OPT_DIR")
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    sys.path[:0] = [task_root, f"{layers}/python/lib/{version}/site-packages", f"{layers}/python"]
    os.environ["PYTHONPATH"] = os.environ["LAMBDA_RUNTIME_DIR"]
    sys.path.append(os.environ["LAMBDA_RUNTIME_DIR"])
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", line_buffering=True)
    sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8", line_buffering=True)
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    log = set_up_logging()
    handler = load_handler(api)
    while True:
        _, headers, body = api.call("GET", "/invocation/next")
        log.aws_request_id = headers["lambda-runtime-aws-request-id"]
        serve(api, handler, headers, body)


def serve(api, handler, headers, body):
    request_id = headers["lambda-runtime-aws-request-id"]
    trace = headers.get("lambda-runtime-trace-id")
    if trace:
        os.environ["_X_AMZN_TRACE_ID"] = trace
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        result = encode(handler(json.loads(body), Context(headers)))
    except SystemExit as error:
        flush()
        os._exit(error.code if isinstance(error.code, int) else int(error.code is not None))
    except Exception as error:  # noqa: BLE001  whatever the function raises is its answer
        report(api, f"/invocation/{request_id}/error", error, request_id)
        return
    flush()
    api.call("POST", f"/invocation/{request_id}/response", result)


class MarshalError(Exception):
    pass


ERROR_TYPES = {MarshalError: "Runtime.MarshalError"}


def encode(value):
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise MarshalError(f"Unable to marshal response: {error}") from None


def load_handler(api):
    """Import the handler; what goes wrong is an INIT error with the type that Lambda gives it."""
    try:
        return find_handler(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001  whatever the module raises is the INIT error
        report(api, "/init/error", error, "")
        os._exit(1)


def find_handler(name):
    module_name, _, function = name.rpartition(".")
    if not module_name:
        raise InitError("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = f"Unable to import module '{module_name}': {error}"
        raise InitError("Runtime.ImportModuleError", message) from None
    except SyntaxError as error:
        message = f"Syntax error in module '{module_name}': {error}"
        raise InitError("Runtime.UserCodeSyntaxError", message) from None
    if not hasattr(module, function):
        raise InitError("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return getattr(module, function)


class InitError(Exception):
    def __init__(self, error_type, message):
        super().__init__(message)
        self.error_type = error_type


def report(api, path, error, request_id):
    """Print the error to the log as Lambda does and post it: errorType, errorMessage, requestId, stackTrace."""
    error_type = getattr(error, "error_type", None) if isinstance(error, InitError) else None
    error_type = error_type or ERROR_TYPES.get(type(error)) or type(error).__name__
    own_error = isinstance(error, InitError) or type(error) in ERROR_TYPES
    frames = [] if own_error else traceback.extract_tb(error.__traceback__)[FRAMES_OF_THIS_FILE:]
    stack = traceback.format_list(frames)
    payload = {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": stack}
    log_error(error_type, payload)
    flush()
    body = json.dumps(payload, ensure_ascii=False).encode()
    api.call("POST", path, body, f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n")


def log_error(error_type, payload):
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        record = {"timestamp": now(), "log_level": "ERROR", **payload}
        print(json.dumps(record, ensure_ascii=False))
        return
    lines = [f"[ERROR] {error_type}: {payload['errorMessage']}"]
    if payload["stackTrace"]:
        lines += ["Traceback (most recent call last):", *(frame.rstrip("\n") for frame in payload["stackTrace"])]
    print("\r".join(lines).replace("\n", "\r"))


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def flush():
    sys.stdout.flush()
    sys.stderr.flush()


def set_up_logging():
    """A handler on the root logger, in Lambda's text or JSON format, before any code of the function runs."""
    import logging

    class Handler(logging.Handler):
        aws_request_id = ""

        def emit(self, record):
            sys.stdout.write(self.format(record) + "\n")

    class Text(logging.Formatter):
        converter = time.gmtime
        default_time_format = "%Y-%m-%dT%H:%M:%S"
        default_msec_format = "%s.%03dZ"

        def format(self, record):
            text = f"[{record.levelname}]\t{self.formatTime(record)}\t{handler.aws_request_id}\t{record.getMessage()}"
            return text + ("\r" + self.formatException(record.exc_info) if record.exc_info else "").replace("\n", "\r")

    class Json(logging.Formatter):
        def format(self, record):
            found = {
                "timestamp": now(),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
                "requestId": handler.aws_request_id,
            }
            if record.exc_info:
                found["errorType"] = record.exc_info[0].__name__
                found["errorMessage"] = str(record.exc_info[1])
                found["stackTrace"] = traceback.format_tb(record.exc_info[2])
            return json.dumps(found, ensure_ascii=False, default=str)

    handler = Handler()
    as_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
    handler.setFormatter(Json() if as_json else Text())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO" if as_json else "")
    if level:
        root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))
    return handler


if __name__ == "__main__":
    main()
