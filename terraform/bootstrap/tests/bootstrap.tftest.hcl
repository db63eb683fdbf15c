mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/logs" }
  }
}

run "buckets_are_private_versioned_and_kept" {
  command = apply

  assert {
    condition     = output.state_bucket == "tradepost-state-123456789012-eu-west-1" && output.artifact_bucket == "tradepost-artifacts-123456789012-eu-west-1"
    error_message = "The names must be those that the stack and its wrapper compute."
  }
  assert {
    condition     = alltrue([for bucket in aws_s3_bucket.this : !bucket.force_destroy]) && alltrue([for versioning in aws_s3_bucket_versioning.this : versioning.versioning_configuration[0].status == "Enabled"])
    error_message = "States must survive a mistake: versions, and no destroy of a full bucket."
  }
  assert {
    condition     = alltrue([for block in aws_s3_bucket_public_access_block.this : block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets])
    error_message = "Nothing may be public."
  }
  assert {
    condition     = length(aws_s3_bucket_policy.this) == 2 && alltrue([for policy in aws_s3_bucket_policy.this : strcontains(policy.policy, "aws:SecureTransport")])
    error_message = "Both buckets must refuse plain HTTP."
  }
  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 2 && length(aws_api_gateway_account.this) == 1
    error_message = "Old versions expire, and API Gateway gets its role."
  }
}

run "what_can_be_left_out" {
  command = plan
  variables {
    noncurrent_version_days    = null
    manage_api_gateway_account = false
  }

  assert {
    condition     = length(aws_s3_bucket_lifecycle_configuration.this) == 0 && length(aws_api_gateway_account.this) == 0 && length(aws_iam_role.api_gateway_logs) == 0
    error_message = "Expiry and the account's setting must be optional."
  }
}

run "nobody_deploys_from_github_unless_named" {
  command = plan

  assert {
    condition     = length(aws_iam_role.deploy) == 0 && length(aws_iam_openid_connect_provider.github) == 0 && output.deploy_role_arn == null
    error_message = "Without a repository there must be no role and no provider."
  }
}

run "one_repository_deploys_from_its_environments" {
  command = apply
  variables {
    github_repository   = "example/tradepost"
    github_environments = ["dev", "prod"]
  }

  assert {
    condition = jsondecode(aws_iam_role.deploy["deploy"].assume_role_policy).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub" = ["repo:example/tradepost:environment:dev", "repo:example/tradepost:environment:prod"]
      }
    }
    error_message = "Only jobs of these environments of this repository may deploy: no branch, no pull request, no pattern."
  }
  assert {
    condition     = one(values(aws_iam_openid_connect_provider.github)).client_id_list == toset(["sts.amazonaws.com"]) && output.deploy_role_arn != null
    error_message = "The account must know GitHub as an identity provider."
  }
}

run "the_deploy_role_reaches_this_project_only" {
  command = apply
  variables {
    github_repository = "example/tradepost"
  }

  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy["deploy"].policy).Statement :
      alltrue([for resource in s.Resource : can(regex("[:/]tradepost-|parameter/tradepost/|deploymentconfig:CodeDeployDefault|:apigateway:", resource))]) || can(s.Condition) || s.Sid == "LookUp"
      if s.Effect == "Allow"
    ])
    error_message = "Whatever is allowed must carry the project's name or tag, or only look things up."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy["deploy"].policy).Statement :
      alltrue([for action in s.Action : can(regex(":(Get|List|Describe|BatchGet)", action))]) if s.Sid == "LookUp"
    ])
    error_message = "Looking things up must not change them."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy["deploy"].policy).Statement :
      s.Action == ["iam:*"] && s.NotResource == [for environment in ["dev", "prod", "staging"] : "arn:aws:iam::123456789012:role/tradepost-${environment}-*"] if s.Effect == "Deny"
    ])
    error_message = "The role must not be able to change itself, nor a role that is not an environment's."
  }
  assert {
    condition     = length(aws_iam_role_policy.deploy["deploy"].policy) < 10240
    error_message = "AWS takes at most 10240 characters of inline policies per role."
  }
}

run "another_owner_of_the_identity_provider" {
  command = plan
  variables {
    github_repository           = "example/tradepost"
    manage_github_oidc_provider = false
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && length(aws_iam_role.deploy) == 1
    error_message = "An account has one provider: where it is there already, only the role is made."
  }
}

run "refuses_who_could_be_anyone" {
  command = plan
  variables {
    github_repository   = "example/*"
    github_environments = ["production"]
  }
  expect_failures = [var.github_repository, var.github_environments]
}

run "refuses_to_forget_states_early" {
  command = plan
  variables {
    noncurrent_version_days = 1
  }
  expect_failures = [var.noncurrent_version_days]
}
