locals {
  tags = {
    Project     = var.project
    Environment = var.environment
    ManagedBy   = "terraform"
  }
}

# Where AWS is (AWS_ENDPOINT_URL) and who calls it come from the environment, as for any AWS tool.
provider "aws" {
  region              = var.region
  allowed_account_ids = var.account_id == null ? null : [var.account_id]
  max_retries         = var.provider_max_retries

  s3_use_path_style           = var.s3_use_path_style
  skip_credentials_validation = var.skip_credentials_validation
  skip_metadata_api_check     = var.skip_credentials_validation ? "true" : null

  default_tags {
    tags = local.tags
  }
}
