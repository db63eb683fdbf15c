# As prod, at a smaller size: what passes here may be released.
environment = "staging"
# account_id = "<12 digits>"  stops an apply with the wrong credentials

deletion_protection = true
archive_days        = 14
log_retention_days  = 30

partners = ["demo", "smoke"]

# payment_provider_url = "https://..."  required: the provider's test system
