data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  state = "available"

  # Local and Wavelength Zones need to be opted in and have no Lambda.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

locals {
  zones = { for index in range(var.zones) : tostring(index) => data.aws_availability_zones.available.names[index] }
  nats  = { none = {}, one = { "0" = local.zones["0"] }, per_zone = local.zones }[var.nat]
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr_block
  enable_dns_support   = true
  enable_dns_hostnames = true # private names of interface endpoints

  tags = { Name = var.name }
}

# Nothing is in it, and nothing that lands in it by mistake may talk.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-default" }
}

# A sixteenth of the network for each private subnet, from the start; public ones, which hold NAT gateways only, from the end.
resource "aws_subnet" "private" {
  for_each = local.zones

  vpc_id            = aws_vpc.this.id
  availability_zone = each.value
  cidr_block        = cidrsubnet(var.cidr_block, 4, tonumber(each.key))

  tags = { Name = "${var.name}-private-${each.value}" }
}

resource "aws_route_table" "private" {
  for_each = local.zones

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-private-${each.value}" }
}

resource "aws_route_table_association" "private" {
  for_each = local.zones

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

# DNS needs no rule: a security group cannot stop questions to the resolver of the network.
resource "aws_security_group" "functions" {
  name        = "${var.name}-functions"
  description = "Functions in the network: nobody connects to them."
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-functions" }
}

resource "aws_vpc_security_group_egress_rule" "functions" {
  for_each = toset([for port in var.egress_ports : tostring(port)])

  security_group_id = aws_security_group.functions.id
  description       = "To any address on port ${each.value}."
  ip_protocol       = "tcp"
  from_port         = tonumber(each.value)
  to_port           = tonumber(each.value)
  cidr_ipv4         = "0.0.0.0/0"
}
