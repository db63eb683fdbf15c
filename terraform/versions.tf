terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # Filled by env/<env>.s3.tfbackend and the bucket of the account; see README.md.
  backend "s3" {}
}
