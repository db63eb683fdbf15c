"""The library that every service imports; each module says what importing it pulls in."""

import gc
import os

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    # What INIT makes stays for the life of the process: looking for garbage in it costs a cold start a twentieth and
    # finds none. observability.handler switches the collector on again.
    gc.disable()
