locals {
  api     = module.service.route_targets["dispatch"]
  schemas = "${var.stack.source_root}/services/fulfillment/schemas"

  # The key's id is the partner, and a partner sends and sees the parcels of its own orders alone.
  routes = {
    "POST /shipments/{order_id}/dispatched" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/dispatch.json")
    }
    "GET /shipments/{order_id}" = {
      function         = local.api
      api_key_required = true
    }
  }
}
