locals {
  api     = module.service.route_targets["api"]
  schemas = "${var.stack.source_root}/services/inventory/schemas"

  # Every route asks for a partner's key; see services/inventory/README.md on who that lets change the stock.
  routes = {
    "GET /stock/{sku}" = {
      function         = local.api
      api_key_required = true
    }
    "PUT /stock/{sku}" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/set_stock.json")
    }
    "POST /stock/adjustments" = {
      function         = local.api
      api_key_required = true
      body_schema      = file("${local.schemas}/adjust_stock.json")
      required_headers = ["Idempotency-Key"]
    }
    "GET /stock/adjustments/{adjustment_id}" = {
      function         = local.api
      api_key_required = true
    }
  }
}
