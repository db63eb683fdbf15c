# The local cloud: the same stack, short-lived data.
environment = "local"
account_id  = "000000000000"

deletion_protection         = false
key_deletion_window_in_days = 7
archive_days                = 1
log_retention_days          = 1

partners       = ["demo", "acme", "smoke"]
api_throttle   = { requests_per_second = 5000, burst = 5000 }
partner_limits = { requests_per_second = 5000, burst = 5000, requests_per_day = 10000000 }

# It listens on one host name, knows one pair of credentials and never throttles Terraform.
s3_use_path_style           = true
skip_credentials_validation = true
provider_max_retries        = 3

# The payment provider's address comes from the local cloud, which has one; nothing here is behind a NAT gateway.
payment_provider_timeout_seconds = 3
network                          = { nat = "none" }

# A short bake. Here Lambda's metrics are kept by the second, so that alarms can judge in a sixth of AWS's time, by fewer
# invocations.
rollout = { minutes = 1, alarm_period_seconds = 10, min_invocations = 3 }
