mock_provider "aws" {}

variables {
  name              = "tradepost-test-api-availability"
  title             = "Availability of the API"
  objective_percent = 99.9
  metrics = {
    total = { namespace = "AWS/ApiGateway", metric_name = "Count", dimensions = { ApiName = "api", Stage = "v1" }, stat = "Sum" }
    bad   = { namespace = "AWS/ApiGateway", metric_name = "5XXError", dimensions = { ApiName = "api", Stage = "v1" }, stat = "Sum" }
  }
  bad_percent      = "100 * bad / total"
  alarm_actions    = { page = ["arn:aws:sns:eu-west-1:123456789012:urgent"], inform = ["arn:aws:sns:eu-west-1:123456789012:inform"] }
  runbook_base_url = "https://example.com/runbooks"
}

run "windows_compare_the_burn_with_the_budget" {
  command = apply

  assert {
    condition     = { for window, alarm in aws_cloudwatch_metric_alarm.window : window => format("%.2f", alarm.threshold) } == { "1h" = "1.44", "5m" = "1.44", "6h" = "0.60", "30m" = "0.60" }
    error_message = "14.4 and 6 times a budget of 0.1 %."
  }
  assert {
    condition = { for window, alarm in aws_cloudwatch_metric_alarm.window : window => join(" ", distinct([for query in alarm.metric_query : query.metric[0].period if length(query.metric) > 0])) } == {
      "1h" = "3600", "5m" = "300", "6h" = "21600", "30m" = "1800"
    }
    error_message = "Each window is one period of all of its metrics."
  }
  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.window : alarm.treat_missing_data == "notBreaching" && try(length(alarm.alarm_actions), 0) == 0 && strcontains(alarm.alarm_description, "/slo-window.md")])
    error_message = "A window alone tells nobody, and no event spends no budget."
  }
  assert {
    condition     = strcontains(one([for query in aws_cloudwatch_metric_alarm.window["1h"].metric_query : query.expression if query.return_data == true]), ">= 10,") && !strcontains(one([for query in aws_cloudwatch_metric_alarm.window["5m"].metric_query : query.expression if query.return_data == true]), ">=")
    error_message = "It takes some bad events in the long window; the short one only says that it goes on."
  }
}

run "a_long_and_a_short_window_agree" {
  command = apply

  assert {
    condition = { for key, alarm in aws_cloudwatch_composite_alarm.burn : key => alarm.alarm_rule } == {
      fast = "ALARM(\"tradepost-test-api-availability-1h\") AND ALARM(\"tradepost-test-api-availability-5m\")"
      slow = "ALARM(\"tradepost-test-api-availability-6h\") AND ALARM(\"tradepost-test-api-availability-30m\")"
    }
    error_message = "Each burn needs both of its windows."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.burn["fast"].alarm_actions == toset(var.alarm_actions.page) && aws_cloudwatch_composite_alarm.burn["slow"].alarm_actions == toset(var.alarm_actions.inform)
    error_message = "The fast burn is urgent, the slow one informs."
  }
  assert {
    condition = { for name, alarm in output.catalog[0].alarms : name => alarm.urgency } == {
      "tradepost-test-api-availability-1h"        = "none", "tradepost-test-api-availability-5m" = "none", "tradepost-test-api-availability-6h" = "none", "tradepost-test-api-availability-30m" = "none"
      "tradepost-test-api-availability-fast-burn" = "page", "tradepost-test-api-availability-slow-burn" = "inform"
    }
    error_message = "The catalog has every alarm with its urgency."
  }
}

run "refuses_what_could_never_fire" {
  command = plan
  variables {
    objective_percent = 93
    metrics           = { bad = { namespace = "n", metric_name = "m", dimensions = {}, stat = "Sum" } }
    min_bad_events    = 0
  }
  expect_failures = [var.objective_percent, var.metrics, var.min_bad_events]
}
