"""What a host learns about itself, with the real cloud-init, curl, and a container inside it."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.rehearsal.conftest import Cloud, Host
from tests.e2e.rehearsal.templates import SSH_IN, attribute, group, host, network, ref, resource, template

USER_DATA = """#cloud-config
write_files:
  - {path: /srv/written, content: "by cloud-init", permissions: "0600"}
runcmd:
  - [sh, -c, "echo run > /srv/run"]
"""
TOKEN = (
    "curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token"
)
ASK = f'curl -s -H "X-aws-ec2-metadata-token: $({TOKEN})" http://169.254.169.254/latest'
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ONLY_LOOK = {
    "PolicyName": "look",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}],
    },
}


@pytest.fixture(scope="module")
def outputs(cloud: Cloud) -> Iterator[dict[str, str]]:
    """One host that containers inside may ask from, and one that they may not; both with a role."""
    role = {
        "Role": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=[ONLY_LOOK]),
        "Profile": resource("AWS::IAM::InstanceProfile", Roles=[ref("Role")]),
    }
    data = {"UserData": {"Fn::Base64": USER_DATA}, "IamInstanceProfile": ref("Profile")}
    near = {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    far = {"HttpTokens": "required", "HttpPutResponseHopLimit": 2, "InstanceMetadataTags": "enabled"}
    admin = {**SSH_IN, "CidrIp": f"{cloud.rehearsal.gateway}/32"}
    resources = (
        network(213)
        | role
        | {"Group": group(admin)}
        | host("Near", [ref("Group")], MetadataOptions=near, **data)
        | host("Far", [ref("Group")], MetadataOptions=far, **data)
    )
    whole = template(resources, "Near", "Far", Role=attribute("Role", "Arn"))
    yield cloud.launch("metadata", whole, PublicKey=cloud.public_key)
    cloud.delete("metadata")


@pytest.fixture(scope="module")
def near(cloud: Cloud, outputs: dict[str, str]) -> Host:
    return cloud.reach(outputs["Near"], outputs["NearAddress"])


@pytest.fixture(scope="module")
def far(cloud: Cloud, outputs: dict[str, str]) -> Host:
    return cloud.reach(outputs["Far"], outputs["FarAddress"])


def test_the_real_cloud_init_has_done_what_the_user_data_says(near: Host) -> None:
    said = near.run("cloud-init status --wait --long")
    assert "status: done" in said
    assert "detail: DataSourceEc2" in said
    assert "errors: []" in said
    assert near.run("sudo cat /srv/written /srv/run") == "by cloud-initrun"
    assert "Valid schema" in near.run("sudo cloud-init schema --system")
    assert near.run("cloud-init query platform") == "ec2"


def test_metadata_needs_a_token_and_says_who_the_host_is(near: Host, outputs: dict[str, str]) -> None:
    without = "curl -s -o /dev/null -w '%{http_code}' http://169.254.169.254/latest/meta-data/"
    assert near.run(without) == "401"
    assert near.run(f"{ASK}/meta-data/instance-id") == outputs["Near"]
    assert near.run(f"{ASK}/meta-data/public-ipv4") == outputs["NearAddress"]
    assert near.run(f"{ASK}/user-data") == USER_DATA.strip()
    assert "local-ipv4" in near.run(f"{ASK}/meta-data/").splitlines()
    assert near.run(f"{ASK}/meta-data/spot/ | wc -c") == "0"
    mac = near.run(f"{ASK}/meta-data/mac")
    assert near.run("cat /sys/class/net/eth0/address") == mac, "the API's interface is the host's own"


def test_a_token_of_one_host_is_nothing_at_another(near: Host, far: Host) -> None:
    token = near.run(TOKEN)
    ask = f"curl -s -o /dev/null -w '%{{http_code}}' -H 'X-aws-ec2-metadata-token: {token}'"
    assert near.run(f"{ask} http://169.254.169.254/latest/meta-data/mac") == "200"
    assert far.run(f"{ask} http://169.254.169.254/latest/meta-data/mac") == "401"


def test_tags_are_told_only_where_they_are_enabled(near: Host, far: Host) -> None:
    assert far.run(f"{ASK}/meta-data/tags/instance/Name") == "Far"
    assert near.run(f"{ASK}/meta-data/tags/instance/Name | wc -c") == "0"


def test_a_roles_credentials_are_those_of_sts_and_end(near: Host, outputs: dict[str, str]) -> None:
    name = near.run(f"{ASK}/meta-data/iam/security-credentials/")
    assert outputs["Role"].endswith(f"role/{name}")
    given = json.loads(near.run(f"{ASK}/meta-data/iam/security-credentials/{name}"))
    assert given["Code"] == "Success"
    assert given["AccessKeyId"].startswith("ASIA")
    assert given["Expiration"] > given["LastUpdated"]


def signed(cloud: Cloud, action: str) -> str:
    """A call of the API from a host, signed by curl with the role's credentials."""
    url = f"http://{cloud.rehearsal.gateway}:{cloud.rehearsal.port}/"
    return f"""
        role=$({ASK}/meta-data/iam/security-credentials/)
        {ASK}/meta-data/iam/security-credentials/$role > /tmp/given
        field() {{ python3 -c "import json,sys; print(json.load(open('/tmp/given'))[sys.argv[1]])" "$1"; }}
        curl -s --aws-sigv4 aws:amz:us-east-1:ec2 --user "$(field AccessKeyId):$(field SecretAccessKey)" \
            -H "X-Amz-Security-Token: $(field Token)" -d 'Action={action}&Version=2016-11-15' {url}
    """


def test_a_roles_policy_is_evaluated(cloud: Cloud, near: Host, outputs: dict[str, str]) -> None:
    assert outputs["Near"] in near.run(signed(cloud, "DescribeInstances"))
    refused = near.run(signed(cloud, "DescribeVpcs"))
    assert "AccessDenied" in refused or "UnauthorizedOperation" in refused


# A shell and what it needs, out of the host's own files.
SHELL_IMAGE = """
    tar --dereference -C / -c $(ldd /bin/bash | grep -o '/[^ ]*') /bin/bash 2>/dev/null \
        | sudo docker import - shell >/dev/null
"""
TOKEN_FROM_INSIDE = r"""
    sudo docker run --rm shell /bin/bash -c '
        exec 3<>/dev/tcp/169.254.169.254/80
        printf "PUT /latest/api/token HTTP/1.0\r\nX-aws-ec2-metadata-token-ttl-seconds: 60\r\n\r\n" >&3
        read -r -t 3 -u 3 answer && echo "$answer" || echo silent'
"""


def test_a_container_inside_gets_a_token_only_within_the_hop_limit(near: Host, far: Host) -> None:
    for one in (near, far):
        one.run(SHELL_IMAGE)
    assert near.run(TOKEN_FROM_INSIDE) == "silent"
    assert "200 OK" in far.run(TOKEN_FROM_INSIDE)
