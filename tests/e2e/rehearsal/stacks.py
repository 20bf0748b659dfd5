"""Stack files that tests share."""


def two_hosts(name: str, network: str) -> str:
    """Every role on two hosts: what people come for, and the rest."""
    return f"""
name = "{name}"
region = "us-east-1"
admin = "my address"
network = "{network}"

[hosts.app]
roles = ["app", "database"]
instance_type = "t3.small"
zone = 1
root_volume_gib = 20
data_volumes_gib = {{ database = 1 }}

[hosts.tools]
roles = ["jenkins", "monitoring"]
instance_type = "t3.medium"
zone = 1
root_volume_gib = 20
data_volumes_gib = {{ jenkins = 1, monitoring = 1 }}
"""
