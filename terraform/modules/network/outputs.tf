output "vpc" {
  description = "Subnets and security groups, as module function takes them."
  value = {
    subnet_ids         = [for subnet in aws_subnet.private : subnet.id]
    security_group_ids = [aws_security_group.functions.id]
  }

  # A function may run from its first second: its way out is there before it is.
  depends_on = [
    aws_route_table_association.private, aws_route.private_internet, aws_vpc_security_group_egress_rule.functions,
    aws_vpc_endpoint.gateway, aws_vpc_endpoint.interface,
  ]
}

output "public_addresses" {
  description = "Addresses that the internet sees functions come from, for a partner's allow list; empty without NAT."
  value       = sort([for address in aws_eip.nat : address.public_ip])
}
