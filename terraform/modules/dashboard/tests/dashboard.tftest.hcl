mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
}

variables {
  name   = "tradepost-test-orders"
  prefix = "tradepost-test"
  sections = [
    {
      title = "Requests", text = "of partners"
      widgets = [
        { title = "tradepost-test-api: requests", label = "per minute", stat = "Sum", metrics = [["AWS/ApiGateway", "Count", "ApiName", "api"]], lines = [{ label = "alarm", value = 5 }] },
        { title = "b", metrics = [["n", "m"]] }, { title = "c", metrics = [["n", "m"]] }, { title = "d", metrics = [["n", "m"]], start = "-P30D" },
      ]
    },
    { title = "Nothing here", widgets = [] },
    { title = "Alarms", per_row = 1, height = 4, widgets = [{ title = "What is watched", alarms = ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"] }] },
  ]
}

run "sections_stand_below_each_other" {
  command = apply

  assert {
    condition = [for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [w.type, w.x, w.y, w.width, w.height]] == [
      ["text", 0, 0, 24, 1], ["text", 0, 13, 24, 1],
      ["metric", 0, 1, 8, 6], ["metric", 8, 1, 8, 6], ["metric", 16, 1, 8, 6], ["metric", 0, 7, 8, 6],
      ["alarm", 0, 14, 24, 4],
    ]
    error_message = "Three widgets in a row, the next section below, none for a section without widgets."
  }
}

run "widgets_are_as_cloudwatch_writes_them" {
  command = apply

  assert {
    condition = [for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.properties if w.type == "metric"][0] == {
      title       = "api: requests", region = "eu-west-1", view = "timeSeries", stacked = false, period = 60, stat = "Sum"
      metrics     = [["AWS/ApiGateway", "Count", "ApiName", "api"]]
      yAxis       = { left = { label = "per minute", showUnits = false, min = 0 } }
      annotations = { horizontal = [{ label = "alarm", value = 5, color = "#d62728" }] }
    }
    error_message = "Title without the environment, unit at the axis, limits as lines."
  }
  assert {
    condition     = [for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : [w.properties.start, w.properties.end] if try(w.properties.start, null) != null] == [["-P30D", "P0D"]]
    error_message = "A widget may look further back than its dashboard."
  }
  assert {
    condition     = one([for w in jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets : w.properties.alarms if w.type == "alarm"]) == ["arn:aws:cloudwatch:eu-west-1:123456789012:alarm:a"]
    error_message = "Alarms are shown by their state."
  }
}

run "refuses_what_is_no_widget" {
  command = plan
  variables {
    start    = "3h"
    sections = [{ title = "x", widgets = [{ title = "neither metrics nor alarms" }] }]
  }
  expect_failures = [var.start, var.sections]
}
