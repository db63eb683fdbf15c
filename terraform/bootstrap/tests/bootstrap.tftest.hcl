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
    condition     = length(aws_iam_role.deploy) == 0 && length(aws_iam_role.plan) == 0 && length(aws_iam_openid_connect_provider.github) == 0 && output.deploy_role_arn == null
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
      alltrue([for resource in s.Resource : can(regex("[:/]tradepost-|parameter/tradepost/|deploymentconfig:CodeDeployDefault|:apigateway:", resource))]) || can(s.Condition) || contains(["LookUp", "SavedQueries"], s.Sid)
      if s.Effect == "Allow"
    ])
    error_message = "Whatever is allowed must carry the project's name or tag, or only look things up."
  }
  assert {
    condition = alltrue([
      for s in jsondecode(aws_iam_role_policy.deploy["deploy"].policy).Statement :
      alltrue([for action in s.Action : can(regex(":(Get|List|Describe|BatchGet|Validate)", action))]) if s.Sid == "LookUp"
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

run "one_role_per_environment_plans_and_pull_requests_reach_dev_alone" {
  command = apply
  variables {
    github_repository   = "example/tradepost"
    github_environments = ["dev", "prod"]
  }

  assert {
    condition = {
      for environment, role in aws_iam_role.plan : environment => jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"]
      } == {
      dev  = ["repo:example/tradepost:ref:refs/heads/main", "repo:example/tradepost:pull_request"]
      prod = ["repo:example/tradepost:ref:refs/heads/main"]
    }
    error_message = "Pull requests may plan dev only; drift is looked for from main."
  }
  assert {
    condition     = alltrue([for role in aws_iam_role.plan : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"])
    error_message = "Only tokens made for AWS may be shown."
  }
  assert {
    condition     = sort(keys(output.plan_role_arns)) == tolist(["dev", "prod"]) && alltrue([for role in aws_iam_role.plan : startswith(role.name, "tradepost-plan-")])
    error_message = "The deploy role may change tradepost-<env>-* roles: these must not be among them."
  }
}

run "a_plan_role_reads_one_environment_and_changes_nothing" {
  command = apply
  variables {
    github_repository = "example/tradepost"
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.plan : [
        for s in jsondecode(policy.policy).Statement : [for action in s.Action : can(regex("^[a-z0-9]+:(Get|BatchGet|List|Describe|Validate|GET$)", action))]
      ]
    ]))
    error_message = "A plan role must only read."
  }
  assert {
    condition = length(setintersection(
      flatten([for policy in aws_iam_role_policy.plan : [for s in jsondecode(policy.policy).Statement : s.Action]]),
      ["s3:Get*", "dynamodb:Get*", "dynamodb:*", "sqs:*", "logs:Get*", "logs:*", "secretsmanager:GetSecretValue", "ssm:GetParametersByPath", "kms:Decrypt"],
    )) == 0
    error_message = "A plan reads how things are set up, not the data in them."
  }
  assert {
    condition = alltrue(flatten([
      for environment, policy in aws_iam_role_policy.plan : [
        for s in jsondecode(policy.policy).Statement : [
          for resource in s.Resource : can(regex("tradepost-${environment}|/${environment}/\\*|:::tradepost-(state|artifacts)-[0-9]+-[a-z0-9-]+$|:apigateway:", resource)) || can(s.Condition)
        ] if s.Effect == "Allow" && s.Sid != "LookUp"
      ]
    ]))
    error_message = "A plan role must not reach another environment."
  }
  assert {
    condition     = alltrue([for policy in aws_iam_role_policy.plan : length(policy.policy) < 10240])
    error_message = "AWS takes at most 10240 characters of inline policies per role."
  }
}

run "pull_requests_plan_nothing_where_nothing_is_named" {
  command = plan
  variables {
    github_repository        = "example/tradepost"
    github_plan_environments = []
  }

  assert {
    condition     = !anytrue([for role in aws_iam_role.plan : strcontains(role.assume_role_policy, "pull_request")])
    error_message = "Pull requests must be optional."
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

    github_plan_environments = ["test"]
  }
  expect_failures = [var.github_repository, var.github_environments, var.github_plan_environments]
}

run "refuses_to_forget_states_early" {
  command = plan
  variables {
    noncurrent_version_days = 1
  }
  expect_failures = [var.noncurrent_version_days]
}
