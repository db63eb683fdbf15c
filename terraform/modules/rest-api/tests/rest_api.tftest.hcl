mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_api_gateway_rest_api" {
    defaults = { id = "api1", root_resource_id = "root", execution_arn = "arn:aws:execute-api:eu-west-1:123456789012:api1" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:access" }
  }
}

variables {
  name        = "tradepost-test"
  description = "test"
  routes = {
    "POST /orders" = {
      function         = { name = "api", alias = "live", alias_invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:api:live/invocations" }
      api_key_required = true
      body_schema      = "{\"type\": \"object\"}"
      required_headers = ["Idempotency-Key"]
    }
    "GET /orders/{order_id}/events" = {
      function         = { name = "api", alias = "live", alias_invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:123456789012:function:api:live/invocations" }
      authorizer       = "iam"
      optional_queries = ["next"]
    }
  }
  problems = {
    invalid_body      = { status = 400, title = "Wrong body", gateway_responses = ["BAD_REQUEST_BODY"] }
    too_many_requests = { status = 429, title = "Slow down", gateway_responses = ["THROTTLED"] }
    not_found         = { status = 404, title = "Not there" }
  }
  throttle         = { requests_per_second = 50, burst = 100 }
  partners         = ["demo", "acme"]
  partner_limits   = { requests_per_second = 10, burst = 20, requests_per_day = 1000 }
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"
}

run "resources_by_depth" {
  command = apply

  assert {
    condition     = keys(aws_api_gateway_resource.depth_1) == ["orders"] && keys(aws_api_gateway_resource.depth_2) == ["orders/{order_id}"] && keys(aws_api_gateway_resource.depth_3) == ["orders/{order_id}/events"] && length(aws_api_gateway_resource.depth_4) == 0
    error_message = "Each prefix of a path must be one resource at its depth."
  }
  assert {
    condition     = aws_api_gateway_resource.depth_3["orders/{order_id}/events"].parent_id == aws_api_gateway_resource.depth_2["orders/{order_id}"].id && aws_api_gateway_resource.depth_2["orders/{order_id}"].path_part == "{order_id}"
    error_message = "A resource must hang below its prefix."
  }
}

run "only_the_alias_and_only_this_route" {
  command = apply

  assert {
    condition     = alltrue([for integration in aws_api_gateway_integration.this : endswith(integration.uri, ":live/invocations") && integration.type == "AWS_PROXY" && integration.integration_http_method == "POST"])
    error_message = "Every integration must invoke the alias."
  }
  assert {
    condition     = alltrue([for permission in aws_lambda_permission.this : permission.qualifier == "live"])
    error_message = "Every permission must be on the alias."
  }
  assert {
    condition = { for route, permission in aws_lambda_permission.this : route => permission.source_arn } == {
      "POST /orders"                  = "arn:aws:execute-api:eu-west-1:123456789012:api1/*/POST/orders"
      "GET /orders/{order_id}/events" = "arn:aws:execute-api:eu-west-1:123456789012:api1/*/GET/orders/*/events"
    }
    error_message = "A permission must be for one method on one path of this API."
  }
}

run "validates_before_it_invokes" {
  command = apply

  assert {
    condition     = aws_api_gateway_request_validator.this.validate_request_body && aws_api_gateway_request_validator.this.validate_request_parameters
    error_message = "Body and parameters must be validated."
  }
  assert {
    condition     = aws_api_gateway_model.body["POST /orders"].name == "PostOrders" && aws_api_gateway_method.this["POST /orders"].request_models == tomap({ "application/json" = "PostOrders" }) && length(aws_api_gateway_model.body) == 1
    error_message = "A route with a schema must have a model, others none."
  }
  assert {
    condition     = aws_api_gateway_method.this["POST /orders"].request_parameters == tomap({ "method.request.header.Idempotency-Key" = true }) && aws_api_gateway_method.this["GET /orders/{order_id}/events"].request_parameters == tomap({ "method.request.path.order_id" = true, "method.request.querystring.next" = false })
    error_message = "Required and known parameters must reach the method."
  }
  assert {
    condition     = aws_api_gateway_method.this["POST /orders"].api_key_required && aws_api_gateway_method.this["GET /orders/{order_id}/events"].authorization == "AWS_IAM"
    error_message = "API key and authorizer must be as the route says."
  }
}

run "answers_problems" {
  command = apply

  assert {
    condition     = toset(keys(aws_api_gateway_gateway_response.this)) == toset(["BAD_REQUEST_BODY", "THROTTLED"]) && aws_api_gateway_gateway_response.this["THROTTLED"].status_code == "429"
    error_message = "Each gateway response of the catalog must be set, with its status."
  }
  assert {
    condition     = jsondecode(aws_api_gateway_gateway_response.this["BAD_REQUEST_BODY"].response_templates["application/json"]) == { type = "urn:tradepost:problem:invalid_body", title = "Wrong body", status = 400, detail = "$context.error.validationErrorString", request_id = "$context.requestId" }
    error_message = "The body must be a problem that says what is wrong with the request."
  }
  assert {
    condition     = alltrue([for response in aws_api_gateway_gateway_response.this : response.response_parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"])
    error_message = "The content type must be application/problem+json."
  }
}

run "stage_is_watched_and_limited" {
  command = apply

  assert {
    condition     = aws_api_gateway_stage.this.xray_tracing_enabled && aws_api_gateway_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access.arn && aws_cloudwatch_log_group.access.kms_key_id == var.kms_key_arn
    error_message = "The stage must be traced and keep an encrypted access log."
  }
  assert {
    condition     = can(jsondecode(replace(aws_api_gateway_stage.this.access_log_settings[0].format, "/\\$context\\.(status|responseLatency)/", "1"))) && strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, ":$context.status,") && !strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "sourceIp")
    error_message = "The access log must be JSON and tell nothing of persons."
  }
  assert {
    condition     = !aws_api_gateway_method_settings.all.settings[0].data_trace_enabled && aws_api_gateway_method_settings.all.settings[0].throttling_rate_limit == 50
    error_message = "Bodies must never be logged, and the stage must be throttled."
  }
  assert {
    condition     = toset(keys(aws_api_gateway_usage_plan_key.partner)) == toset(["demo", "acme"]) && aws_api_gateway_usage_plan.partners.quota_settings[0].limit == 1000
    error_message = "Each partner must have a key within the plan."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.threshold == 0.01 && strcontains(aws_cloudwatch_metric_alarm.latency.alarm_description, "api-latency.md")
    error_message = "5xx and latency must be watched."
  }
}

run "a_changed_schema_makes_a_new_deployment" {
  command = apply
  variables {
    problems = {
      invalid_body = { status = 400, title = "Another title", gateway_responses = ["BAD_REQUEST_BODY"] }
    }
  }

  assert {
    condition     = output.definition != run.answers_problems.definition
    error_message = "Every change of the definition must make a deployment."
  }
}

run "refuses_two_names_for_one_parameter" {
  command = plan
  variables {
    routes = {
      "GET /orders/{order_id}"  = { function = { name = "api", alias = "live", alias_invoke_arn = "arn:live" } }
      "GET /orders/{id}/events" = { function = { name = "api", alias = "live", alias_invoke_arn = "arn:live" } }
    }
  }
  expect_failures = [aws_api_gateway_rest_api.this]
}

run "refuses_routes_that_share_a_name" {
  command = plan
  variables {
    routes = {
      "GET /orders-events" = { function = { name = "api", alias = "live", alias_invoke_arn = "arn:live" } }
      "GET /orders/events" = { function = { name = "api", alias = "live", alias_invoke_arn = "arn:live" } }
    }
  }
  expect_failures = [aws_api_gateway_rest_api.this]
}

run "refuses_bad_values" {
  command = plan
  variables {
    routes = {
      "FETCH orders" = {
        function    = { name = "api", alias = "", alias_invoke_arn = "" }
        authorizer  = "magic"
        body_schema = "not json"
      }
    }
    problems   = { a = { status = 400, title = "A", gateway_responses = ["NO_SUCH_RESPONSE"] } }
    stage_name = "V 1"
    partners   = ["Big Shop"]
  }
  expect_failures = [var.routes, var.problems, var.stage_name, var.partners]
}
