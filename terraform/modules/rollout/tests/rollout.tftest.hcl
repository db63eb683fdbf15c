mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/tradepost-test-rollout" }
  }
}

variables {
  name = "tradepost-test"
  functions = {
    "orders.api"    = { name = "tradepost-test-orders-api", alarms = ["api-canary-errors", "api-canary-slow"] }
    "orders.replay" = { name = "tradepost-test-orders-replay", alarms = ["replay-canary-errors"] }
    "orders.slowly" = { name = "tradepost-test-orders-slowly", alarms = ["slowly-canary-errors"] }
  }
  strategies = { "orders.replay" = "all_at_once", "orders.slowly" = "linear" }
  hook       = { name = "tradepost-test-operations-deploy-check", alias = "live" }
}

run "each_function_by_its_own_strategy" {
  command = apply

  assert {
    condition = { for key, group in aws_codedeploy_deployment_group.this : key => group.deployment_config_name } == {
      "orders.api"    = "tradepost-test-canary-10-percent-5-minutes"
      "orders.replay" = "CodeDeployDefault.LambdaAllAtOnce"
      "orders.slowly" = "tradepost-test-linear-10-percent-every-5-minutes"
    }
    error_message = "A function is released by the strategy that names it, else by the default one."
  }
  assert {
    condition = (
      one(aws_codedeploy_deployment_config.this["canary"].traffic_routing_config[0].time_based_canary).percentage == 10 &&
      one(aws_codedeploy_deployment_config.this["canary"].traffic_routing_config[0].time_based_canary).interval == 5 &&
      one(aws_codedeploy_deployment_config.this["linear"].traffic_routing_config[0].time_based_linear).percentage == 10
    )
    error_message = "The configurations must shift what their names say."
  }
}

run "every_group_rolls_back_by_its_own_alarms" {
  command = apply

  assert {
    condition     = alltrue([for key, group in aws_codedeploy_deployment_group.this : group.alarm_configuration[0].enabled && !group.alarm_configuration[0].ignore_poll_alarm_failure && group.alarm_configuration[0].alarms == toset(var.functions[key].alarms)])
    error_message = "A group must watch the alarms of its function, and must not go on when they cannot be read."
  }
  assert {
    condition     = alltrue([for group in aws_codedeploy_deployment_group.this : group.auto_rollback_configuration[0].enabled && group.auto_rollback_configuration[0].events == toset(["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"])])
    error_message = "Alarm, failure and stop must all roll back."
  }
  assert {
    condition     = alltrue([for group in aws_codedeploy_deployment_group.this : group.deployment_style[0].deployment_type == "BLUE_GREEN" && group.deployment_style[0].deployment_option == "WITH_TRAFFIC_CONTROL"])
    error_message = "Lambda knows one style."
  }
}

run "the_role_moves_these_aliases_and_calls_this_hook" {
  command = apply

  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.this.policy).Statement : s.Sid => s.Resource } == {
      MoveAliases         = [for name in ["api", "replay", "slowly"] : "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-orders-${name}"]
      SeeWarmEnvironments = [for name in ["api", "replay", "slowly"] : "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-orders-${name}:*"]
      ReadAlarms          = ["*"]
      CallTheHook         = ["arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-operations-deploy-check", "arn:aws:lambda:eu-west-1:123456789012:function:tradepost-test-operations-deploy-check:live"]
    }
    error_message = "The role must reach the functions and the hook it was given, and nothing else."
  }
  assert {
    condition     = output.application == "tradepost-test" && toset(keys(output.groups)) == toset(keys(var.functions)) && output.hook == "tradepost-test-operations-deploy-check:live"
    error_message = "What starts a deployment needs application, groups and hook."
  }
}

run "without_a_hook" {
  command = apply
  variables {
    hook = null
  }

  assert {
    condition     = output.hook == null && !strcontains(aws_iam_role_policy.this.policy, "InvokeFunction")
    error_message = "Without a hook there is nothing to call."
  }
}

run "refuses_a_strategy_for_nobody" {
  command = plan
  variables {
    strategies = { "orders.apy" = "canary" }
  }
  expect_failures = [aws_codedeploy_deployment_group.this]
}

run "refuses_a_bake_that_no_alarm_can_judge" {
  command = plan
  variables {
    minutes = 2
  }
  expect_failures = [var.minutes]
}

run "refuses_bad_values" {
  command = plan
  variables {
    functions        = { "orders.api" = { name = "x", alarms = [] } }
    strategies       = { "orders.api" = "fast" }
    default_strategy = "rolling"
    percent          = 100
  }
  expect_failures = [var.functions, var.strategies, var.default_strategy, var.percent]
}
