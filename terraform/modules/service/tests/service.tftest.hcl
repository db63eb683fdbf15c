mock_provider "aws" {
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:bare", version = "7" }
  }
  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:eu-west-1:123456789012:function:bare:live", invoke_arn = "arn:aws:apigateway:eu-west-1:lambda:bare:live/invocations" }
  }
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-west-1:123456789012:failures", url = "https://sqs.eu-west-1.amazonaws.com/123456789012/failures" }
  }
}

variables {
  service = "shop"
  stack = {
    name                   = "tradepost-test"
    environment            = "dev"
    source_root            = "tests/fixtures"
    architecture           = "arm64"
    layer_arn              = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:1"
    kms_key_arn            = "arn:aws:kms:eu-west-1:123456789012:key/0"
    event_bus              = { name = "tradepost-test", arn = "arn:aws:events:eu-west-1:123456789012:event-bus/tradepost-test" }
    alarm_actions          = { page = ["arn:aws:sns:eu-west-1:123456789012:page"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
    runbook_base_url       = "https://example.com/runbooks"
    log_level              = "INFO"
    log_retention_days     = 30
    deletion_protection    = true
    point_in_time_recovery = true
    canary                 = { period_seconds = 60, min_invocations = 5 }
  }
  artifact = { bucket = "artifacts", key = "test/shop/abc.zip" }
  functions = {
    api          = { description = "Answers.", uses = ["things"], timeout = 20, in_vpc = true, canary = { p99_ms = 1000 } }
    deploy_check = { description = "Checks.", timeout = 10 }
  }
  settings  = { things = { THINGS_TABLE = "tradepost-test-things" } }
  resources = { things = ["arn:aws:dynamodb:eu-west-1:123456789012:table/things"] }
  vpc       = { subnet_ids = ["subnet-1"], security_group_ids = ["sg-1"] }
}

run "names_follow_from_one" {
  command = apply

  assert {
    condition     = { for key, function in output.functions : key => function.name } == { "shop.api" = "tradepost-test-shop-api", "shop.deploy_check" = "tradepost-test-shop-deploy-check" }
    error_message = "Functions are named tradepost-<env>-<service>-<function>."
  }
  assert {
    condition     = alltrue([for target in output.route_targets : target.alias == "live" && endswith(target.alias_invoke_arn, ":live/invocations")])
    error_message = "A route must invoke the alias."
  }
  assert {
    condition     = toset(keys(output.canary_alarms)) == toset(keys(output.functions)) && toset(keys(output.failure_queues)) == toset(keys(output.functions))
    error_message = "Every function must have canary alarms and a failure queue."
  }
}

# The only line that a new function needs is its own: what is watched and drawn follows.
run "a_made_up_function_is_watched_drawn_and_paid_for" {
  command = apply
  variables {
    functions = {
      api     = { description = "Answers.", uses = ["things"], timeout = 20, stage = "requests" }
      made_up = { description = "Does something new.", timeout = 10 }
    }
  }

  assert {
    condition = { for name, alarm in merge([for part in output.catalog : part.alarms]...) : name => "${alarm.kind} ${alarm.urgency}" if startswith(name, "tradepost-test-shop-made-up") } == {
      "tradepost-test-shop-made-up-errors"           = "function-errors page"
      "tradepost-test-shop-made-up-throttles"        = "function-throttles page"
      "tradepost-test-shop-made-up-duration"         = "function-duration inform"
      "tradepost-test-shop-made-up-memory"           = "function-memory inform"
      "tradepost-test-shop-made-up-canary-errors"    = "canary-errors inform"
      "tradepost-test-shop-made-up-canary-slow"      = "canary-slow inform"
      "tradepost-test-shop-made-up-failures-waiting" = "failure-queue-waiting inform"
      "tradepost-test-shop-made-up-failures-age"     = "failure-queue-age page"
    }
    error_message = "A function must bring all of its alarms, and those of its failure queue."
  }
  assert {
    condition = [for part in output.catalog : [for widget in part.widgets : widget.title] if part.name == "tradepost-test-shop-made-up"] == [
      ["tradepost-test-shop-made-up: invocations", "tradepost-test-shop-made-up: duration", "tradepost-test-shop-made-up: memory"]
    ]
    error_message = "A function must bring its widgets."
  }
  assert {
    condition     = { for part in output.catalog : part.name => part.stage if part.type == "function" } == { "tradepost-test-shop-api" = "requests", "tradepost-test-shop-made-up" = "work" }
    error_message = "A function stands where its service says, else among what follows."
  }
  assert {
    condition     = toset(flatten([for part in output.catalog : [for usage in part.usage : usage.charge] if part.name == "tradepost-test-shop-made-up"])) == toset(["lambda_gb_second_arm64", "lambda_request", "log_gigabyte"])
    error_message = "What it costs must be known."
  }
}

run "refuses_unknown_stages" {
  command = plan
  variables {
    functions = { api = { description = "Answers.", timeout = 20, stage = "somewhere" } }
  }
  expect_failures = [var.functions]
}

run "refuses_unknown_uses_and_a_missing_vpc" {
  command = plan
  variables {
    functions = { api = { description = "Answers.", uses = ["thing"], timeout = 20, in_vpc = true } }
    vpc       = null
  }
  expect_failures = [var.functions]
}

run "refuses_concurrency_of_nothing" {
  command = plan
  variables {
    concurrency = { apy = {} }
  }
  expect_failures = [var.concurrency]
}
