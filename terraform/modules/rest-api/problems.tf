locals {
  # gateway response type => its problem
  gateway_problems = merge([
    for slug, problem in var.problems : {
      for response_type in problem.gateway_responses : response_type => { slug = slug, status = problem.status, title = problem.title }
    }
  ]...)

  # error.messageString brings its own quotes; validationErrorString does not. Both are escaped for JSON.
  details = {
    BAD_REQUEST_BODY = "\"$context.error.validationErrorString\""
    # What API Gateway says of a path or method that it does not know is "Missing Authentication Token".
    MISSING_AUTHENTICATION_TOKEN = jsonencode("no route has this method and path")
  }
}

# What the gateway answers by itself looks like what the handlers answer: RFC 9457.
# The status of DEFAULT_4XX or DEFAULT_5XX becomes that of every type without an entry of its own.
resource "aws_api_gateway_gateway_response" "this" {
  for_each = local.gateway_problems

  rest_api_id         = aws_api_gateway_rest_api.this.id
  response_type       = each.key
  status_code         = tostring(each.value.status)
  response_parameters = { "gatewayresponse.header.Content-Type" = "'application/problem+json'" }

  response_templates = {
    "application/json" = join("", [
      "{\"type\":${jsonencode("urn:tradepost:problem:${each.value.slug}")}",
      ",\"title\":${jsonencode(each.value.title)}",
      ",\"status\":${each.value.status}",
      ",\"detail\":${lookup(local.details, each.key, "$context.error.messageString")}",
      ",\"request_id\":\"$context.requestId\"}",
    ])
  }
}
