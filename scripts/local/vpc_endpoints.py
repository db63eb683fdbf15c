"""EC2: an interface endpoint has security groups and private names; ministack drops both, in all three calls."""

from __future__ import annotations

from typing import Any

from scripts.local import engine


def install() -> None:
    """Without them Terraform sees drift on every interface endpoint."""
    ec2 = engine.service("ec2")
    create, modify, fields = ec2._create_vpc_endpoint, ec2._modify_vpc_endpoint, ec2._vpce_fields_xml

    def create_vpc_endpoint(parameters: dict[str, Any]) -> Any:
        known = set(_ids(ec2))
        answer = create(parameters)
        for made in set(_ids(ec2)) - known:
            endpoint = ec2._vpc_endpoints[made]
            endpoint["GroupIds"] = ec2._parse_member_list(parameters, "SecurityGroupId")
            endpoint["PrivateDnsEnabled"] = _is_true(ec2._p(parameters, "PrivateDnsEnabled"))
            answer = ec2._xml(200, "CreateVpcEndpointResponse", fields_xml(endpoint, tag="vpcEndpoint"))
        return answer

    def modify_vpc_endpoint(parameters: dict[str, Any]) -> Any:
        endpoint = ec2._vpc_endpoints.get(ec2._p(parameters, "VpcEndpointId"))
        if endpoint is not None:
            removed = ec2._parse_member_list(parameters, "RemoveSecurityGroupId")
            added = ec2._parse_member_list(parameters, "AddSecurityGroupId")
            kept = [group for group in endpoint.get("GroupIds", []) if group not in removed]
            endpoint["GroupIds"] = list(dict.fromkeys(kept + added))
            if private := ec2._p(parameters, "PrivateDnsEnabled"):
                endpoint["PrivateDnsEnabled"] = _is_true(private)
        return modify(parameters)

    def fields_xml(endpoint: dict[str, Any], tag: str = "item") -> str:
        groups = "".join(f"<item><groupId>{group}</groupId></item>" for group in endpoint.get("GroupIds", []))
        private = str(endpoint.get("PrivateDnsEnabled", False)).lower()
        more = f"<groupSet>{groups}</groupSet><privateDnsEnabled>{private}</privateDnsEnabled></{tag}>"
        return str(fields(endpoint, tag)).removesuffix(f"</{tag}>") + more

    ec2._ACTION_MAP |= {"CreateVpcEndpoint": create_vpc_endpoint, "ModifyVpcEndpoint": modify_vpc_endpoint}
    ec2._vpce_fields_xml = fields_xml


def _ids(ec2: Any) -> list[str]:
    return [endpoint["VpcEndpointId"] for endpoint in ec2._vpc_endpoints.values()]


def _is_true(text: str) -> bool:
    return text.lower() == "true"
