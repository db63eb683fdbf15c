locals {
  api     = module.service.route_targets["api"]
  schemas = "${var.stack.source_root}/services/orders/schemas"

  # Every route asks for the key: its id is the partner, and a partner sees only its own orders.
  routes = {
    "POST /orders" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/place_order.json")
      required_headers = ["Idempotency-Key"]
    }
    "GET /orders" = {
      function         = local.api
      api_key_required = true
      optional_queries = ["status", "limit", "next"]
    }
    "GET /orders/{order_id}" = {
      function         = local.api
      api_key_required = true
      optional_queries = ["at"]
    }
    "GET /orders/{order_id}/events" = {
      function         = local.api
      api_key_required = true
      optional_queries = ["limit", "next"]
    }
    "POST /orders/{order_id}/cancel" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/cancel_order.json")
    }
    "POST /orders/{order_id}/refunds" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/refund_order.json")
      required_headers = ["Idempotency-Key"]
    }
  }
}
