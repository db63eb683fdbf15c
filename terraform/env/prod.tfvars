# Customers: nothing can be deleted by mistake, and the API cannot be starved by the other functions.
environment = "prod"
# account_id  = "<12 digits>"            stops an apply with the wrong credentials
# page_emails = ["on-call@example.com"]  without an address nobody hears an alarm

deletion_protection         = true
point_in_time_recovery      = true
key_deletion_window_in_days = 30
archive_days                = 365
log_retention_days          = 365

# Of the account's 1000 (a new account has 10, see README.md): the API is guaranteed its share, and the consumers cannot take all of it.
concurrency = {
  orders = {
    api     = { reserved = 400, provisioned = 4 }
    project = { reserved = 100 }
    publish = { reserved = 100 }
    replay  = { reserved = 1 }
  }
}

api_throttle   = { requests_per_second = 1000, burst = 2000 }
partner_limits = { requests_per_second = 100, burst = 200, requests_per_day = 1000000 }

# Customers follow; smoke is who the smoke tests are.
partners = ["smoke"]

# payment_provider_url = "https://..."  required
network = { zones = 3, nat = "per_zone", flow_logs = true }
