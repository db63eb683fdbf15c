# Questions that are asked again and again, saved for Logs Insights.
locals {
  log_groups          = sort(compact([for part in local.parts : try(part.log_group, null)]))
  function_log_groups = [for name in local.log_groups : name if startswith(name, "/aws/lambda/")]

  queries = {
    errors = {
      groups = local.function_log_groups
      query  = "fields @timestamp, service, level, message, order_id, correlation_id, exception_name | filter level in [\"ERROR\", \"CRITICAL\"] | sort @timestamp desc | limit 100"
    }
    errors-by-cause = {
      groups = local.function_log_groups
      query  = "filter level in [\"ERROR\", \"CRITICAL\"] | stats count(*) as times, latest(@timestamp) as last by service, message, exception_name | sort times desc | limit 50"
    }
    one-order = {
      groups = local.function_log_groups
      query  = "fields @timestamp, service, function_name, level, message, correlation_id | filter order_id = \"ord_...\" or correlation_id = \"...\" | sort @timestamp asc | limit 500"
    }
    slowest-invocations = {
      groups = local.function_log_groups
      query  = "filter type = \"platform.report\" | fields @timestamp, @log, record.requestId, record.metrics.durationMs, record.metrics.initDurationMs, record.metrics.maxMemoryUsedMB | sort record.metrics.durationMs desc | limit 50"
    }
    cold-starts = {
      groups = local.function_log_groups
      query  = "filter type = \"platform.report\" and ispresent(record.metrics.initDurationMs) | stats count(*) as cold_starts, avg(record.metrics.initDurationMs) as init_ms, max(record.metrics.initDurationMs) as longest_ms by @log | sort cold_starts desc"
    }
    memory = {
      groups = local.function_log_groups
      query  = "filter type = \"platform.report\" | stats max(record.metrics.maxMemoryUsedMB) as used_mb, max(record.metrics.memorySizeMB) as size_mb by @log | sort used_mb desc"
    }
    failed-requests = {
      groups = [for name in local.log_groups : name if startswith(name, "/aws/apigateway/")]
      query  = "fields @timestamp, status, method, route, partner_id, response_type, integration_error, request_id | filter status >= 400 | sort @timestamp desc | limit 100"
    }
    requests-by-route = {
      groups = [for name in local.log_groups : name if startswith(name, "/aws/apigateway/")]
      query  = "stats count(*) as requests, pct(latency_ms, 50) as p50_ms, pct(latency_ms, 99) as p99_ms by method, route, status | sort requests desc"
    }
  }
}

resource "aws_cloudwatch_query_definition" "this" {
  for_each = local.queries

  name            = "${local.name}/${each.key}"
  log_group_names = each.value.groups
  query_string    = replace(each.value.query, " | ", "\n| ")
}
