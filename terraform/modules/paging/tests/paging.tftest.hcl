mock_provider "aws" {}

variables {
  name = "tradepost-test"
  services = {
    orders = {
      orders-api-errors   = { kind = "function-errors", urgency = "page" }
      orders-api-duration = { kind = "function-duration", urgency = "inform" }
      order-throttles     = { kind = "table-throttles", urgency = "page" }
    }
    quiet = { quiet-window = { kind = "slo-window", urgency = "none" } }
  }
  symptoms = {
    api-5xx     = { kind = "api-5xx", urgency = "page" }
    api-latency = { kind = "api-latency", urgency = "inform" }
  }
  page_actions     = ["arn:aws:sns:eu-west-1:123456789012:page"]
  runbook_base_url = "https://example.com/runbooks"
}

run "a_service_pages_for_its_urgent_alarms" {
  command = apply

  assert {
    condition     = { for service, alarm in aws_cloudwatch_composite_alarm.service : service => alarm.alarm_rule } == { orders = "ALARM(\"order-throttles\") OR ALARM(\"orders-api-errors\")" }
    error_message = "Urgent alarms are gathered, and a service without any has no alarm that pages."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.service["orders"].alarm_actions == toset(var.page_actions) && aws_cloudwatch_composite_alarm.service["orders"].ok_actions == toset(var.page_actions)
    error_message = "It pages, and says when it is over."
  }
}

run "symptoms_wait_for_a_cause" {
  command = apply

  assert {
    condition     = aws_cloudwatch_composite_alarm.customers.alarm_rule == "ALARM(\"api-5xx\")" && aws_cloudwatch_composite_alarm.customers.alarm_actions == toset(var.page_actions)
    error_message = "What customers see pages."
  }
  assert {
    condition     = aws_cloudwatch_composite_alarm.customers.actions_suppressor[0] == { alarm = "tradepost-test-known-cause", wait_period = 180, extension_period = 180 } && aws_cloudwatch_composite_alarm.known_cause.alarm_rule == "ALARM(\"tradepost-test-orders-urgent\")" && try(length(aws_cloudwatch_composite_alarm.known_cause.alarm_actions), 0) == 0
    error_message = "It is held back while a service has paged."
  }
  assert {
    condition     = alltrue([for name, alarm in output.alarms : contains(["service-urgent", "known-cause", "customers-affected"], alarm.kind)]) && length(output.alarms) == 3
    error_message = "The catalog has the alarms that gather others."
  }
}

run "refuses_a_stack_that_wakes_nobody" {
  command = plan
  variables {
    services               = { orders = { a = { kind = "x", urgency = "inform" } } }
    symptoms               = {}
    wait_for_cause_seconds = 10
  }
  expect_failures = [var.services, var.symptoms, var.wait_for_cause_seconds]
}

run "refuses_an_unknown_urgency" {
  command = plan
  variables {
    services = { orders = { a = { kind = "x", urgency = "page" }, b = { kind = "x", urgency = "later" } } }
  }
  expect_failures = [var.services]
}
