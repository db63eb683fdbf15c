# Engineers try things here; data may go.
environment = "dev"
# account_id = "<12 digits>"  stops an apply with the wrong credentials

deletion_protection         = false
key_deletion_window_in_days = 7
archive_days                = 7
log_retention_days          = 14
log_level                   = "DEBUG"

partners = ["demo", "smoke"]

# Nobody's traffic is here to be split: the check and the alarms judge a release all the same.
rollout = { strategy = "all_at_once" }

# payment_provider_url = "https://..."  required: the provider's test system
network = { interface_endpoints = [] } # Secrets Manager through the NAT gateway: cheaper, for data that may go
