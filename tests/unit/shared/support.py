"""A Lambda context for handlers and resolvers."""

from aws_lambda_powertools.utilities.typing import LambdaContext


class Context(LambdaContext):
    """What Lambda tells about an invocation."""

    _function_name = "test"
    _aws_request_id = "function-request"
