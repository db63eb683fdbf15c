# The local cloud.
account_id              = "000000000000"
noncurrent_version_days = null
force_destroy           = true

s3_use_path_style           = true
skip_credentials_validation = true
provider_max_retries        = 3
