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
