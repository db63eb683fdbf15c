"""Interface endpoints of a VPC keep their security groups and private names."""

from typing import Any

from tests.stack.conformance.cloud import Cloud


def test_an_interface_endpoint_is_described_as_it_was_made_and_changed(cloud: Cloud) -> None:
    ec2 = cloud.aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    first, second = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("first", "second")
    )
    made = ec2.create_vpc_endpoint(
        VpcId=vpc,
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.eu-west-1.secretsmanager",
        SecurityGroupIds=[first],
        PrivateDnsEnabled=True,
    )["VpcEndpoint"]
    endpoint = made["VpcEndpointId"]

    def described() -> tuple[list[str], bool]:
        found: dict[str, Any] = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]
        return [group["GroupId"] for group in found["Groups"]], found["PrivateDnsEnabled"]

    assert ([group["GroupId"] for group in made["Groups"]], made["PrivateDnsEnabled"]) == ([first], True)
    assert described() == ([first], True)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=[second], RemoveSecurityGroupIds=[first])
    assert described() == ([second], True)
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PrivateDnsEnabled=False)
    assert described() == ([second], False)
