mock_provider "aws" {
  mock_data "aws_region" {
    defaults = { name = "eu-west-1" }
  }
  mock_data "aws_availability_zones" {
    defaults = { names = ["eu-west-1a", "eu-west-1b", "eu-west-1c"] }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:eu-west-1:123456789012:log-group:group" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
}

variables {
  name = "tradepost-test"
}

run "lets_nobody_in_and_443_out" {
  command = plan

  assert {
    condition     = { for port, rule in aws_vpc_security_group_egress_rule.functions : port => [rule.from_port, rule.to_port, rule.ip_protocol] } == { "443" = [443, 443, "tcp"] }
    error_message = "Functions must reach port 443 and no other."
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch != true])
    error_message = "Functions have private addresses."
  }
}

run "spreads_over_zones_without_overlap" {
  command = plan
  variables {
    zones = 3
    nat   = "per_zone"
  }

  assert {
    condition     = toset([for subnet in aws_subnet.private : subnet.availability_zone]) == toset(["eu-west-1a", "eu-west-1b", "eu-west-1c"])
    error_message = "There must be a private subnet in each of three zones."
  }
  assert {
    condition     = length(distinct(concat([for subnet in aws_subnet.private : subnet.cidr_block], [for subnet in aws_subnet.public : subnet.cidr_block]))) == 6
    error_message = "Subnets must not share addresses."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_route.private_internet) == 3
    error_message = "Each zone must have its own way to the internet."
  }
}

run "one_nat_gateway_serves_all_zones" {
  command = plan

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.private_internet) == 2
    error_message = "By default one gateway must serve both zones."
  }
}

run "no_way_to_the_internet" {
  command = plan
  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_internet_gateway.this) + length(aws_subnet.public) + length(aws_route.private_internet) == 0
    error_message = "Without NAT nothing leads to the internet."
  }
}

run "reaches_aws_inside_the_network" {
  command = plan

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.gateway : endpoint.service_name]) == toset(["com.amazonaws.eu-west-1.dynamodb", "com.amazonaws.eu-west-1.s3"])
    error_message = "DynamoDB and S3 must be reached by gateway endpoints."
  }
  assert {
    condition     = aws_vpc_endpoint.interface["secretsmanager"].private_dns_enabled && aws_vpc_security_group_ingress_rule.endpoints[0].from_port == 443
    error_message = "Secrets Manager must be reached under its own name, on 443."
  }
}

run "needs_no_interface_endpoint" {
  command = plan
  variables {
    interface_endpoints = []
  }

  assert {
    condition     = length(aws_vpc_endpoint.interface) == 0 && length(aws_security_group.endpoints) == 0
    error_message = "Without interface endpoints there must be no group for them."
  }
}

run "flow_logs_are_optional" {
  command = apply
  variables {
    flow_logs = { retention_days = 14, kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/0" }
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_cloudwatch_log_group.flow[0].retention_in_days == 14 && !strcontains(aws_iam_role_policy.flow[0].policy, "CreateLogGroup")
    error_message = "All traffic must be logged, into a group that the role cannot make."
  }
}

run "refuses_what_aws_would" {
  command = plan
  variables {
    name                = "Tradepost"
    cidr_block          = "10.0.0.0/8"
    zones               = 1
    nat                 = "two"
    interface_endpoints = ["s3"]
    egress_ports        = [0]
  }
  expect_failures = [var.name, var.cidr_block, var.zones, var.nat, var.interface_endpoints, var.egress_ports]
}
