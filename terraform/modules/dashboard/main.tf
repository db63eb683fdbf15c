data "aws_region" "current" {}

# Sections from top to bottom, each a heading and its widgets in rows; nobody counts x and y by hand.
locals {
  columns = 24
  heading = 1

  sections = [for section in var.sections : merge({ per_row = 3, height = 6, text = "" }, section) if length(section.widgets) > 0]
  heights  = [for section in local.sections : local.heading + ceil(length(section.widgets) / section.per_row) * section.height]
  tops     = [for index in range(length(local.sections)) : index == 0 ? 0 : sum(slice(local.heights, 0, index))]

  headings = [
    for index, section in local.sections : {
      type       = "text"
      x          = 0
      y          = local.tops[index]
      width      = local.columns
      height     = local.heading
      properties = { markdown = trimspace("## ${section.title}  ${section.text}"), background = "transparent" }
    }
  ]

  widgets = flatten([
    for index, section in local.sections : [
      for position, widget in section.widgets : {
        type       = try(widget.alarms, null) == null ? "metric" : "alarm"
        x          = (position % section.per_row) * floor(local.columns / section.per_row)
        y          = local.tops[index] + local.heading + floor(position / section.per_row) * section.height
        width      = floor(local.columns / section.per_row)
        height     = section.height
        properties = local.properties["${index}.${position}"]
      }
    ]
  ])

  # As CloudWatch calls things; what a widget does not say is left out.
  properties = merge(flatten([
    for index, section in local.sections : [
      for position, widget in section.widgets : {
        "${index}.${position}" = merge(
          { title = replace(widget.title, "${var.prefix}-", "") },
          try({ alarms = widget.alarms }, merge(
            {
              region  = data.aws_region.current.name
              view    = try(widget.view, "timeSeries")
              stacked = try(widget.stacked, false)
              period  = try(widget.period, 60)
              metrics = widget.metrics
              # The unit stands at the axis: of math CloudWatch knows none.
              yAxis = merge(
                { left = merge({ label = try(widget.label, ""), showUnits = false, min = try(widget.min, 0) }, try({ max = widget.max }, {})) },
                try({ right = { label = widget.right_label, showUnits = false, min = 0 } }, {}),
              )
            },
            try({ stat = widget.stat }, {}),
            try({ start = widget.start, end = "P0D" }, {}),
            try({ annotations = { horizontal = [for line in widget.lines : { label = line.label, value = line.value, color = "#d62728" }] } }, {}),
          )),
        )
      }
    ]
  ])...)
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ start = var.start, periodOverride = "inherit", widgets = concat(local.headings, local.widgets) })

  lifecycle {
    precondition {
      condition     = length(local.headings) + length(local.widgets) <= 500
      error_message = "${var.name} has ${length(local.headings) + length(local.widgets)} widgets, and CloudWatch takes 500 on one dashboard."
    }
  }
}
