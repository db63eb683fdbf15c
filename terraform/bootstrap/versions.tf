terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The bucket for states cannot hold the state that makes it: -backend-config="path=..." says which file does.
  backend "local" {}
}
