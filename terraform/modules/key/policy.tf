# In a key policy "Resource": "*" means this key and no other.
locals {
  statements = [
    {
      Sid       = "AccountAdministersTheKeyThroughIam"
      Effect    = "Allow"
      Principal = { AWS = "arn:${local.partition}:iam::${local.account_id}:root" }
      Action    = "kms:*"
      Resource  = "*"
    },
    {
      # A caller that may use the table, queue or function may use its encryption: no role needs a kms statement of its own.
      Sid       = "CallersOfThisAccountThroughTheseServices"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = local.use_actions
      Resource  = "*"
      Condition = {
        StringEquals = {
          "kms:CallerAccount" = local.account_id
          "kms:ViaService"    = [for service in sort(tolist(var.via_services)) : "${service}.${local.region}.amazonaws.com"]
        }
      }
    },
    {
      # DynamoDB and Lambda keep a grant so that they can decrypt without the caller at hand.
      Sid       = "GrantsForServicesOnly"
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = ["kms:CreateGrant"]
      Resource  = "*"
      Condition = {
        Bool = { "kms:GrantIsForAWSResource" = "true" }
        StringEquals = {
          "kms:CallerAccount" = local.account_id
          "kms:ViaService"    = [for service in sort(tolist(var.via_services)) : "${service}.${local.region}.amazonaws.com"]
        }
      }
    },
    {
      Sid       = "LogGroupsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "logs.${local.region}.amazonaws.com" }
      Action    = local.use_actions
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account_id}:log-group:*" }
      }
    },
    {
      Sid       = "ServicesActingForThisAccount"
      Effect    = "Allow"
      Principal = { Service = [for service in sort(tolist(var.service_principals)) : "${service}.amazonaws.com"] }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
      Resource  = "*"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account_id } }
    },
    {
      # EventBridge sends no aws:SourceAccount to KMS; the queue that the message is for says whose it is.
      Sid       = "RulesThatSendToQueuesOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
      Resource  = "*"
      Condition = {
        ArnLike = { "kms:EncryptionContext:aws:sqs:arn" = "arn:${local.partition}:sqs:${local.region}:${local.account_id}:*" }
      }
    },
  ]
}
