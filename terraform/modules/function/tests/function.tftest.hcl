mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/tradepost-test-orders-api" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/tradepost-test-orders-api" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock", version = "7" }
  }
  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:mock:live" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:mock-failures" }
  }
}

variables {
  name        = "tradepost-test-orders-api"
  description = "test"
  handler     = "orders.handlers.api.handler"
  artifact    = { bucket = "artifacts", key = "test/orders/abc.zip" }
  timeout     = 10
  environment = { ENVIRONMENT = "test" }
  policy_file = "tests/fixtures/policy.json"
  resources = {
    order_events             = ["arn:aws:dynamodb:eu-west-1:123456789012:table/order-events"]
    "orders_view.by_partner" = ["arn:aws:dynamodb:eu-west-1:123456789012:table/orders-view/index/by_partner"]
  }
  kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/0"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"

  log_level_parameter = "/tradepost/test/log-level/orders.api"
}

run "logs_into_a_group_made_first" {
  command = apply

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/${var.name}" && aws_cloudwatch_log_group.this.retention_in_days == 30 && aws_cloudwatch_log_group.this.kms_key_id == var.kms_key_arn
    error_message = "The log group must carry the function's name, a retention and the key."
  }
  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_group == aws_cloudwatch_log_group.this.name && aws_lambda_function.this.logging_config[0].log_format == "JSON"
    error_message = "The function must log JSON into its own group."
  }
}

run "log_level_can_change_without_a_version" {
  command = apply

  assert {
    condition     = aws_lambda_function.this.logging_config[0].application_log_level == "DEBUG" && aws_lambda_function.this.environment[0].variables.LOG_LEVEL_PARAMETER == var.log_level_parameter
    error_message = "Lambda must let every level pass, and the function must know where its own is set."
  }
  assert {
    condition = anytrue([
      for s in jsondecode(aws_iam_role_policy.runtime.policy).Statement :
      s.Action == ["ssm:GetParameter"] && endswith(s.Resource[0], ":parameter${var.log_level_parameter}")
    ])
    error_message = "The role must read the parameter of its own function, and no other."
  }
}

run "role_has_only_what_is_listed" {
  command = apply

  assert {
    condition     = !strcontains(jsonencode([aws_iam_role_policy.runtime.policy, aws_iam_role_policy.code[0].policy]), "CreateLogGroup")
    error_message = "The role must not create log groups."
  }
  assert {
    condition = alltrue([
      for s in flatten([for p in [aws_iam_role_policy.runtime, aws_iam_role_policy.failures, aws_iam_role_policy.code[0]] : jsondecode(p.policy).Statement]) :
      !contains(s.Resource, "*") || alltrue([for action in s.Action : startswith(action, "xray:")])
    ])
    error_message = "Only the X-Ray actions may have a wildcard resource."
  }
  assert {
    condition = jsonencode({ for s in jsondecode(aws_iam_role_policy.code[0].policy).Statement : s.Sid => s }) == jsonencode({
      OrderEvents         = { Sid = "OrderEvents", Effect = "Allow", Action = ["dynamodb:PutItem", "dynamodb:Query"], Resource = var.resources["order_events"] }
      OrdersViewByPartner = { Sid = "OrdersViewByPartner", Effect = "Allow", Action = ["dynamodb:Query"], Resource = var.resources["orders_view.by_partner"] }
    })
    error_message = "The policy file must be joined with the ARNs, no more and no less."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.failures.policy).Statement[0].Resource == [module.failures.arn]
    error_message = "The role must be able to hand failures to its own queue only."
  }
}

run "everything_goes_through_the_alias" {
  command = apply

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.live.name == "live" && aws_lambda_alias.live.function_version == "7"
    error_message = "The alias must start at the published version."
  }
  assert {
    condition     = output.alias_arn == aws_lambda_alias.live.arn && endswith(output.alias_arn, ":live")
    error_message = "The module must give the ARN of the alias."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.live.qualifier == "live" && aws_lambda_function_event_invoke_config.live.maximum_retry_attempts == 2 && aws_lambda_function_event_invoke_config.live.destination_config[0].on_failure[0].destination == module.failures.arn
    error_message = "Asynchronous failures of the alias must be retried twice and then kept."
  }
}

run "costs_nothing_it_was_not_asked_for" {
  command = apply

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == -1 && length(aws_lambda_provisioned_concurrency_config.live) == 0
    error_message = "Concurrency must be neither reserved nor provisioned by default."
  }
  assert {
    condition     = length(aws_lambda_function.this.vpc_config) == 0 && aws_lambda_function.this.tracing_config[0].mode == "Active"
    error_message = "No VPC by default, tracing always."
  }
}

run "alarms_watch_the_alias" {
  command = apply

  assert {
    condition = alltrue([
      for q in aws_cloudwatch_metric_alarm.errors.metric_query : q.metric[0].dimensions == tomap({ FunctionName = var.name, Resource = "${var.name}:live" }) if length(q.metric) > 0
    ]) && aws_cloudwatch_metric_alarm.throttles.dimensions == tomap({ FunctionName = var.name, Resource = "${var.name}:live" })
    error_message = "The alarms must look at what ran through the alias."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.duration[0].threshold == 8000
    error_message = "The duration alarm must be at 80 % of the time-out, in milliseconds."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.alarm_actions == toset(var.alarm_actions.page) && aws_cloudwatch_metric_alarm.duration[0].alarm_actions == toset(var.alarm_actions.inform)
    error_message = "Errors page, slowness informs."
  }
  assert {
    condition     = alltrue([for a in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.throttles, aws_cloudwatch_metric_alarm.duration[0]] : strcontains(a.alarm_description, "Runbook: https://example.com/runbooks/function-")])
    error_message = "Every alarm must link its runbook."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.no_invocations) == 0
    error_message = "Silence is normal unless the caller says otherwise."
  }
}

run "memory_is_measured_by_the_log" {
  command = apply

  assert {
    condition     = aws_cloudwatch_log_metric_filter.memory.log_group_name == aws_cloudwatch_log_group.this.name && aws_cloudwatch_log_metric_filter.memory.metric_transformation[0].value == "$.record.metrics.maxMemoryUsedMB"
    error_message = "The function's reports say how much memory was used."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.memory[0].threshold == 460.8 && aws_cloudwatch_metric_alarm.memory[0].metric_name == aws_cloudwatch_log_metric_filter.memory.metric_transformation[0].name && aws_cloudwatch_metric_alarm.memory[0].namespace == aws_cloudwatch_log_metric_filter.memory.metric_transformation[0].namespace
    error_message = "The alarm must be at 90 % of 512 MB, on the metric of the filter."
  }
}

run "canary_alarms_watch_the_newest_version_alone" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for alarm in aws_cloudwatch_metric_alarm.canary : [
        for q in alarm.metric_query : q.metric[0].dimensions == tomap({ FunctionName = var.name, Resource = "${var.name}:live", ExecutedVersion = "7" }) if length(q.metric) > 0
      ]
    ]))
    error_message = "Beside the old version's traffic the errors of the new one would be diluted."
  }
  assert {
    condition = { for alarm in aws_cloudwatch_metric_alarm.canary : alarm.alarm_name => one([for q in alarm.metric_query : q.expression if q.return_data == true]) } == {
      "tradepost-test-orders-api-canary-errors" = "IF(invocations >= 5, 100 * errors / invocations, 0)"
      "tradepost-test-orders-api-canary-slow"   = "IF(invocations >= 5, duration, 0)"
    } && output.canary_alarms == tolist(["tradepost-test-orders-api-canary-errors", "tradepost-test-orders-api-canary-slow"])
    error_message = "Errors and p99, each with a minimum of samples."
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.canary["errors"].threshold == 5 && aws_cloudwatch_metric_alarm.canary["slow"].threshold == 8000
    error_message = "5 % errors; the duration alarm's limit where nothing else is given."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.canary : alarm.evaluation_periods == 1 && alarm.treat_missing_data == "notBreaching" && strcontains(alarm.alarm_description, "Runbook: https://example.com/runbooks/canary-") && alarm.alarm_actions == toset(var.alarm_actions.inform)])
    error_message = "One period must be enough, and someone must be told."
  }
}

run "canary_limits_can_be_set" {
  command = apply
  variables {
    canary = { error_percent = 1, p99_ms = 900, min_invocations = 20, period_seconds = 10 }
    alarms = { duration_percent = 0 }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.canary["errors"].threshold == 1 && aws_cloudwatch_metric_alarm.canary["slow"].threshold == 900 && toset(flatten([for alarm in aws_cloudwatch_metric_alarm.canary : [for q in alarm.metric_query : q.metric[0].period if length(q.metric) > 0]])) == toset([10])
    error_message = "The limits must be those that were given."
  }
}

run "work_that_fills_its_time_is_not_judged_by_it" {
  command = apply
  variables {
    alarms = { duration_percent = 0 }
  }

  assert {
    condition     = output.canary_alarms == tolist(["tradepost-test-orders-api-canary-errors"])
    error_message = "Without a limit there is no alarm on p99."
  }
}

run "opt_ins" {
  command = apply
  variables {
    policy_file             = "tests/fixtures/empty.json"
    reserved_concurrency    = 20
    provisioned_concurrency = 2
    alarms                  = { duration_percent = 0, no_invocations_minutes = 15 }
    vpc                     = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
  }

  assert {
    condition     = length(aws_iam_role_policy.code) == 0
    error_message = "A function that calls nothing must get no policy of its own."
  }
  assert {
    condition     = aws_lambda_provisioned_concurrency_config.live[0].qualifier == "live" && aws_lambda_function.this.reserved_concurrent_executions == 20
    error_message = "Warm environments belong to the alias."
  }
  assert {
    condition     = length(aws_cloudwatch_metric_alarm.duration) == 0 && aws_cloudwatch_metric_alarm.no_invocations[0].treat_missing_data == "breaching"
    error_message = "Duration off, and silence is the failure where traffic is expected."
  }
  assert {
    condition     = strcontains(aws_iam_role_policy.runtime.policy, "ec2:CreateNetworkInterface") && aws_lambda_function.this.replace_security_groups_on_destroy
    error_message = "A function in a VPC must be able to attach and to leave quickly."
  }
}

run "names_the_file_of_an_unknown_name" {
  command = plan
  variables {
    policy_file = "tests/fixtures/misspelled.json"
  }
  expect_failures = [aws_iam_role.this]
}

run "refuses_wildcard_actions" {
  command = plan
  variables {
    policy_file = "tests/fixtures/wildcard.json"
  }
  expect_failures = [aws_iam_role.this]
}

run "refuses_more_warm_than_reserved" {
  command = plan
  variables {
    reserved_concurrency    = 1
    provisioned_concurrency = 2
  }
  expect_failures = [aws_lambda_function.this]
}

run "refuses_bad_values" {
  command = plan
  variables {
    name                  = "Orders API"
    handler               = "handler"
    architecture          = "riscv"
    memory_size           = 64
    timeout               = 901
    environment           = { AWS_ENDPOINT_URL = "http://example.com" }
    log_level_parameter   = "log-level"
    log_retention_days    = 2
    policy_file           = "tests/fixtures/none.json"
    async_retries         = 3
    async_max_age_seconds = 30
    reserved_concurrency  = 0
    runtime               = "python3.9"
    alarms                = { error_percent = 100 }
  }
  expect_failures = [
    var.name, var.handler, var.architecture, var.memory_size, var.timeout, var.environment, var.log_level_parameter, var.log_retention_days,
    var.policy_file, var.async_retries, var.async_max_age_seconds, var.reserved_concurrency, var.runtime, var.alarms,
  ]
}

run "refuses_a_canary_that_could_not_be_judged" {
  command = plan
  variables {
    canary = { error_percent = 100, min_invocations = 0, period_seconds = 45, p99_ms = 10001 }
  }
  expect_failures = [var.canary]
}
