locals {
  routes = {
    # The provider has no API key: its signature is checked by the function, over the body as it was sent, so no model here.
    "POST /payments/events" = {
      function         = module.service.route_targets["webhook"]
      required_headers = ["Provider-Signature"]
    }
    "GET /payments/{order_id}" = {
      function         = module.service.route_targets["api"]
      api_key_required = true
    }
  }
}
