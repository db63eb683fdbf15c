# One dashboard for who is on call, one per service in the order data flows. All of it is drawn from the catalog: what a
# service adds appears with it.
data "aws_partition" "current" {}

locals {
  alarm_prefix = "arn:${data.aws_partition.current.partition}:cloudwatch:${var.region}:${data.aws_caller_identity.current.account_id}:alarm:"

  # Orders first: the others follow from them.
  parts = concat(local.catalog["orders"], [for name, parts in local.catalog : parts if name != "orders"]...)

  # ---- Single numbers, over the time that the dashboard shows: TIME_SERIES(SUM(...)), as a sum of a series is one number
  orders = [module.orders.indicators.orders_placed.namespace, module.orders.indicators.orders_placed.metric_name, "service", "orders"]
  stage  = flatten([for name, value in module.rest_api.metrics : [name, value]])

  numbers = concat(
    [
      {
        title = "Orders placed", view = "singleValue"
        metrics = [
          concat(local.orders, [{ id = "orders", stat = "Sum", visible = false }]),
          [{ expression = "TIME_SERIES(SUM(orders))", label = "orders", id = "placed" }],
        ]
      },
      {
        title = "Requests without a 5xx, %", view = "singleValue"
        metrics = [
          concat(["AWS/ApiGateway", "Count"], local.stage, [{ id = "total", stat = "Sum", visible = false }]),
          concat(["AWS/ApiGateway", "5XXError"], local.stage, [{ id = "bad", stat = "Sum", visible = false }]),
          [{ expression = "TIME_SERIES(100 - 100 * SUM(bad) / SUM(total))", label = "answered", id = "answered" }],
        ]
      },
    ],
    concat([], [for part in concat(local.parts, local.objectives) : try(part.values, [])]...),
    [
      {
        title   = "Failed messages that wait", view = "singleValue", stat = "Maximum", period = 60
        metrics = concat(local.failure_metrics.all, [[{ expression = "SUM(METRICS())", label = "messages", id = "waiting" }]])
      },
      {
        title = "Cost per 1,000 orders, USD", view = "singleValue"
        metrics = concat(
          local.usage_metrics,
          [concat(local.orders, [{ id = "orders", stat = "Sum", visible = false }])],
          [for service, sum in local.costs : [{ id = "cost_${service}", expression = sum, visible = false }]],
          [[{ id = "cost", label = "USD", expression = "TIME_SERIES(1000 * SUM(SUM([${join(", ", [for service in keys(local.costs) : "cost_${service}"])}])) / SUM(orders))" }]],
        )
      },
    ],
  )

  # ---- Failure queues
  failure_queues = { for service, parts in local.catalog : service => sort(compact([for part in parts : try(part.failure_queue, null)])) }
  failure_metrics = merge(
    { for service, names in local.failure_queues : service => [
      for name in names : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, { label = replace(name, "${local.name}-", "") }]
    ] },
    { all = [
      for index, name in flatten(values(local.failure_queues)) : ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, { id = "q${index}", visible = false }]
    ] },
  )
  failures = { for service, metrics in local.failure_metrics : service => length(metrics) == 0 ? [] : [
    { title = "Failed messages that wait", label = "messages", stat = "Maximum", metrics = metrics }
  ] }

  # ---- Cost, from what is measured
  prices = jsondecode(file("${path.root}/prices.json")).prices # make cost reads them, too
  used   = flatten([for service, parts in local.catalog : [for part in parts : [for usage in part.usage : merge(usage, { service = service })]]])
  usage_metrics = [
    for index, usage in local.used : concat(usage.metric, [{ id = "u${index}", stat = "Sum", visible = false }])
  ]
  costs = {
    for service, parts in local.catalog : service => "SUM([${join(", ", [
      for index, usage in local.used : "u${index} * ${format("%.15f", usage.factor * local.prices[usage.charge].usd)}" if usage.service == service
    ])}])"
  }

  # ---- Functions, all of them
  function_durations = [
    for index, key in sort(keys(local.functions)) :
    ["AWS/Lambda", "Duration", "FunctionName", local.functions[key].name, "Resource", "${local.functions[key].name}:${local.functions[key].alias}", { id = "f${index}", label = key, stat = "p99", visible = false }]
  ]
  function_errors = [
    for index, key in sort(keys(local.functions)) :
    ["AWS/Lambda", "Errors", "FunctionName", local.functions[key].name, "Resource", "${local.functions[key].name}:${local.functions[key].alias}", { id = "f${index}", label = key, stat = "Sum", visible = false }]
  ]

  overview = [
    { title = "Who is paged, and why", per_row = 1, height = 2, widgets = [{ title = "Alarms that page", alarms = [for name in sort(keys(module.paging.paging_arns)) : module.paging.paging_arns[name]] }] },
    { title = "The shop in numbers", per_row = 4, height = 4, widgets = local.numbers },
    {
      title = "The shop"
      widgets = concat(
        concat([], [for part in local.parts : [for widget in part.widgets : widget if try(widget.overview, false)]]...),
        concat([], [for part in module.rest_api.catalog : part.widgets]...),
      )
    },
    { title = "Promises to customers", text = "[what they are](${var.runbook_base_url}/slo-fast-burn.md)", widgets = concat([], [for part in local.objectives : part.widgets]...) },
    {
      title = "Where it is slow, failing or stuck"
      widgets = [
        { title = "The five slowest steps", label = "p99, milliseconds", metrics = concat(local.function_durations, [[{ expression = "SORT(METRICS(), MAX, DESC, 5)", id = "slowest", label = "" }]]) },
        { title = "The five functions that fail most", label = "errors per minute", metrics = concat(local.function_errors, [[{ expression = "SORT(METRICS(), SUM, DESC, 5)", id = "failing", label = "" }]]) },
        { title = "Failed messages that wait, by service", label = "messages", stat = "Maximum", metrics = concat(
          [for index, pair in flatten([for service, names in local.failure_queues : [for name in names : { service = service, name = name }]]) :
          ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", pair.name, { id = "q${index}_${pair.service}_", visible = false }]],
          [for service, names in local.failure_queues : [{ expression = "SUM(METRICS(\"_${service}_\"))", label = service, id = "of_${service}" }] if length(names) > 0],
        ) },
      ]
    },
    {
      title = "Cost and releases"
      widgets = [
        {
          title = "Cost per 1,000 orders", label = "USD", stacked = true, period = 300
          metrics = concat(
            local.usage_metrics,
            [concat(local.orders, [{ id = "orders", stat = "Sum", visible = false }])],
            [for service, sum in local.costs : [{ id = "cost_${service}", expression = sum, visible = false }]],
            [for service in keys(local.costs) : [{ id = "per_${service}", label = service, expression = "1000 * cost_${service} / orders" }]],
          )
        },
        {
          title   = "Releases", label = "functions released", stat = "Sum", period = 300
          metrics = [for service in sort(keys(local.services)) : [local.name, "FunctionsReleased", "service", service, { label = service }]]
        },
      ]
    },
  ]

  stages = [
    ["outcome", "What it is there for"],
    ["requests", "Requests"],
    ["state", "What is stored"],
    ["stream", "Streams"],
    ["work", "What follows"],
    ["by_hand", "By hand"],
  ]
}

module "overview" {
  source = "./modules/dashboard"

  name     = "${local.name}-overview"
  prefix   = local.name
  sections = local.overview
}

module "service_dashboard" {
  source   = "./modules/dashboard"
  for_each = local.services

  name   = "${local.name}-${each.key}"
  prefix = local.name
  sections = concat(
    [{ title = "Alarms", per_row = 1, height = 4, widgets = [{ title = "What is watched", alarms = [for name in sort(keys(local.service_alarms[each.key])) : "${local.alarm_prefix}${name}"] }] }],
    [for stage in local.stages : {
      title   = stage[1]
      widgets = concat([], [for part in local.catalog[each.key] : part.widgets if part.stage == stage[0]]...)
    }],
    [{ title = "What failed for good", text = "`make redrive` reads, groups and replays it", per_row = 1, widgets = local.failures[each.key] }],
  )
}

output "dashboards" {
  description = "Names of the dashboards, the overview first."
  value       = concat([module.overview.name], [for service in sort(keys(local.services)) : module.service_dashboard[service].name])
}
