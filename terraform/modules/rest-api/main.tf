data "aws_region" "current" {}

resource "aws_api_gateway_rest_api" "this" {
  name        = var.name
  description = var.description

  endpoint_configuration {
    types = ["REGIONAL"]
  }

  lifecycle {
    precondition {
      condition     = length(distinct([for route in local.routes : route.model])) == length(local.routes)
      error_message = "Two routes differ only in punctuation, and would share the name of their model and permission; rename one: ${join(", ", keys(local.routes))}."
    }
    precondition {
      condition     = alltrue([for parts in values(local.parameters_by_parent) : length(distinct(parts)) == 1])
      error_message = "API Gateway takes one parameter name in one place of a path: ${join("; ", [for parent, parts in local.parameters_by_parent : "below /${parent} there are ${join(" and ", distinct(parts))}" if length(distinct(parts)) > 1])}. Use the same name in all routes."
    }
  }
}

locals {
  # "POST /orders/{order_id}/cancel" => everything the resources below need to know of it
  routes = {
    for route, settings in var.routes : route => merge(settings, {
      method = split(" ", route)[0]
      path   = trimprefix(split(" ", route)[1], "/")

      # Each parameter in the path, and the headers and queries that the gateway insists on (true) or just knows (false).
      parameters = merge(
        { for part in split("/", split(" ", route)[1]) : "method.request.path.${trim(part, "{}+")}" => true if startswith(part, "{") },
        { for header in settings.required_headers : "method.request.header.${header}" => true },
        { for query in settings.required_queries : "method.request.querystring.${query}" => true },
        { for query in settings.optional_queries : "method.request.querystring.${query}" => false },
      )

      # PostOrdersOrderIdCancel: the names of models are letters and digits.
      model = replace(title(replace(lower(route), "/[^a-z0-9]+/", " ")), " ", "")
    })
  }

  # orders, orders/{order_id}, orders/{order_id}/cancel: every prefix of every path, by depth.
  prefixes = distinct(flatten([
    for route in local.routes : [for depth in range(1, length(split("/", route.path)) + 1) : join("/", slice(split("/", route.path), 0, depth))]
  ]))
  prefixes_by_depth = { for depth in range(1, 6) : depth => toset([for prefix in local.prefixes : prefix if length(split("/", prefix)) == depth]) }

  # parent => the parameters that stand right below it
  parameters_by_parent = { for prefix in local.prefixes : trimprefix(dirname("/${prefix}"), "/") => basename(prefix)... if startswith(basename(prefix), "{") }

  resource_ids = merge([
    for resources in [
      aws_api_gateway_resource.depth_1, aws_api_gateway_resource.depth_2, aws_api_gateway_resource.depth_3,
      aws_api_gateway_resource.depth_4, aws_api_gateway_resource.depth_5,
    ] : { for prefix, resource in resources : prefix => resource.id }
  ]...)
}

# One block per depth: a resource needs its parent's id, and for_each cannot refer to itself.
resource "aws_api_gateway_resource" "depth_1" {
  for_each = local.prefixes_by_depth[1]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = each.key
}

resource "aws_api_gateway_resource" "depth_2" {
  for_each = local.prefixes_by_depth[2]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth_1[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "depth_3" {
  for_each = local.prefixes_by_depth[3]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth_2[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "depth_4" {
  for_each = local.prefixes_by_depth[4]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth_3[dirname(each.key)].id
  path_part   = basename(each.key)
}

resource "aws_api_gateway_resource" "depth_5" {
  for_each = local.prefixes_by_depth[5]

  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_resource.depth_4[dirname(each.key)].id
  path_part   = basename(each.key)
}
