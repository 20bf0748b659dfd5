"""The template as it is reviewed, and a test for each rule that must hold whatever the settings are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.api import lint
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from hypothesis import given, settings
from hypothesis import strategies as st

from ec2.errors import SettingsError
from ec2.roles import ROLES
from ec2.settings import Settings, parse_settings, read_settings
from ec2.stack import CHANGED_RUNNING, CHANGED_STOPPED
from ec2.template.build import LIMIT_BYTES, as_json, as_yaml, build_template, refuse_too_many_hosts
from ec2.template.parameters import launch_parameters
from ec2.template.stack_policy import build_stack_policy

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests/golden/template.yaml"
DEFAULT = read_settings(ROOT / "stack.toml")
TEMPLATE = build_template(DEFAULT)
KEY = "ssh-ed25519 AAAA somebody"
ZONES = ["us-east-1c", "us-east-1a"]


@st.composite
def stacks(draw: st.DrawFn) -> Settings:
    """Any stack of some hosts that have every role between them."""
    admin = draw(st.sampled_from(['"my address"', '["my address", "203.0.113.0/24"]']))
    names = draw(
        st.lists(st.from_regex("[a-z][a-z0-9]{0,6}", fullmatch=True), min_size=1, max_size=4, unique=True)
    )
    homes = {role: draw(st.sampled_from(names)) for role in ROLES}
    text = f'name = "any"\nregion = "us-east-1"\nadmin = {admin}\n'
    for name in names:
        roles = [role for role, home in homes.items() if home == name] or ["app"]
        zone = draw(st.sampled_from([1, 2]))
        text += f'[hosts.{name}]\nroles = {json.dumps(roles)}\ninstance_type = "t3.small"\nzone = {zone}\n'
    return parse_settings(text, "stack.toml")


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, such as "EC2::Instance"."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == f"AWS::{kind}"
    }


def properties(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Their properties."""
    return [resource["Properties"] for resource in of_type(template, kind).values()]


def rules_in(template: dict[str, Any]) -> list[tuple[str, int, int, Any]]:
    """Every rule that lets in: the role, the first and last port, and who comes in."""
    rules = [
        (name.removesuffix("SecurityGroup").lower(), rule["FromPort"], rule["ToPort"], rule["CidrIp"])
        for name, group in of_type(template, "EC2::SecurityGroup").items()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    ]
    for rule in properties(template, "EC2::SecurityGroupIngress"):
        role, source = (
            rule[end]["Fn::GetAtt"][0].removesuffix("SecurityGroup").lower()
            for end in ("GroupId", "SourceSecurityGroupId")
        )
        rules.append((role, rule["FromPort"], rule["ToPort"], source))
    return rules


def test_the_template_is_the_one_that_was_reviewed() -> None:
    """Anew: python -m ec2 template > tests/golden/template.yaml"""
    assert as_yaml(TEMPLATE) == GOLDEN.read_text()


def test_yaml_and_json_are_the_same_template_and_fit_into_a_request() -> None:
    assert json.loads(as_json(TEMPLATE)) == TEMPLATE
    assert len(as_json(TEMPLATE)) < LIMIT_BYTES


def with_app_hosts(number: int) -> Settings:
    """The stack of stack.toml with more hosts that people come to."""
    more = (
        f'\n[hosts.app{count}]\nroles = ["app"]\ninstance_type = "t3.small"\n'
        for count in range(2, number + 1)
    )
    return parse_settings((ROOT / "stack.toml").read_text() + "".join(more), "stack.toml")


def test_more_hosts_than_a_template_has_room_for_are_refused_with_how_many_there_may_be() -> None:
    refuse_too_many_hosts(with_app_hosts(5))
    with pytest.raises(
        SettingsError, match=r"51,200 bytes .*: 5 of the role app have room beside the others"
    ):
        refuse_too_many_hosts(with_app_hosts(8))


def test_cfn_lint_has_nothing_to_say() -> None:
    assert [str(fault) for fault in lint(as_json(TEMPLATE), regions=["us-east-1", "eu-central-1"])] == []


def test_people_reach_80_of_the_app_and_the_administrator_22() -> None:
    world = {(role, first, last) for role, first, last, peer in rules_in(TEMPLATE) if peer == "0.0.0.0/0"}
    assert world == {("app", 80, 80)}
    admin = {"Fn::Select": [0, {"Ref": "AdminCidrs"}]}
    by_admin = {(role, first, last) for role, first, last, peer in rules_in(TEMPLATE) if peer == admin}
    assert by_admin == {(role, 22, 22) for role in ROLES}


def test_between_roles_only_monitoring_the_app_and_jenkins_are_let_in() -> None:
    inner = {(role, first, peer) for role, first, _, peer in rules_in(TEMPLATE) if peer in list(ROLES)}
    assert inner == {
        ("database", 3306, "app"),
        ("app", 8000, "monitoring"),
        ("app", 9113, "monitoring"),
        ("database", 9104, "monitoring"),
        ("jenkins", 8080, "monitoring"),
        *((role, 9100, "monitoring") for role in ROLES),
        *((role, 22, "jenkins") for role in ROLES),
    }


def test_hosts_give_each_other_images_at_one_port_and_nobody_else_does() -> None:
    assert [rule for rule in rules_in(TEMPLATE) if rule[0] == "hosts" or rule[3] == "hosts"] == [
        ("hosts", 5000, 5000, "hosts")
    ]


def test_what_one_group_lets_in_the_other_lets_out_and_no_more() -> None:
    def ends(rule: dict[str, Any], source: str, target: str) -> tuple[Any, ...]:
        return rule[source]["Fn::GetAtt"][0], rule[target]["Fn::GetAtt"][0], rule["FromPort"], rule["ToPort"]

    let_in = {
        ends(rule, "SourceSecurityGroupId", "GroupId")
        for rule in properties(TEMPLATE, "EC2::SecurityGroupIngress")
    }
    let_out = {
        ends(rule, "GroupId", "DestinationSecurityGroupId")
        for rule in properties(TEMPLATE, "EC2::SecurityGroupEgress")
    }
    assert let_in == let_out


def test_no_group_keeps_the_way_out_to_everything_that_aws_gives_it() -> None:
    for group in properties(TEMPLATE, "EC2::SecurityGroup"):
        assert {(rule["IpProtocol"], rule["FromPort"]) for rule in group["SecurityGroupEgress"]} == {
            ("tcp", 80),
            ("tcp", 443),
            ("tcp", 53),
            ("udp", 53),
            ("udp", 123),
            ("tcp", 465),
            ("tcp", 587),
        }


def with_repository(url: str) -> dict[str, Any]:
    """The template where Jenkins builds that repository."""
    text = (ROOT / "stack.toml").read_text() + f'\n[pipeline]\nrepository_url = "{url}"\n'
    return build_template(parse_settings(text, "stack.toml"))


def ways_out(template: dict[str, Any]) -> tuple[dict[str, set[int]], set[int]]:
    """The ports of TCP that each group lets out to the world beyond those of every group, and the list's."""
    let_out = {
        name.removesuffix("SecurityGroup").lower(): {
            rule["FromPort"]
            for rule in group["Properties"]["SecurityGroupEgress"]
            if rule["IpProtocol"] == "tcp"
        }
        for name, group in of_type(template, "EC2::SecurityGroup").items()
    }
    common = set.intersection(*let_out.values())
    listed = {
        entry["PortRange"]["From"]
        for entry in properties(template, "EC2::NetworkAclEntry")
        if entry["Egress"]
        and entry["Protocol"] == 6
        and entry["PortRange"]["From"] == entry["PortRange"]["To"]
    }
    return {role: ports - common for role, ports in let_out.items() if ports - common}, listed - common


@pytest.mark.parametrize(
    ("url", "port"),
    [("ssh://git@git.example.org/a.git", 22), ("ssh://git@git.example.org:2222/a.git", 2222)],
)
def test_jenkins_alone_reaches_a_repository_by_ssh(url: str, port: int) -> None:
    template = with_repository(url)
    assert ways_out(template) == ({"jenkins": {port}}, {port})
    assert [str(fault) for fault in lint(as_json(template), regions=["us-east-1"])] == []


@pytest.mark.parametrize("url", ["https://git.example.org/a.git", "ssh://git@ssh.example.org:443/a.git"])
def test_no_way_out_is_opened_that_is_not_needed_or_is_open_to_all(url: str) -> None:
    assert ways_out(with_repository(url)) == ({}, set())
    assert of_type(with_repository(url), "EC2::NetworkAclEntry") == of_type(TEMPLATE, "EC2::NetworkAclEntry")


def test_every_rule_says_what_it_is_for() -> None:
    rules = [
        *properties(TEMPLATE, "EC2::SecurityGroupIngress"),
        *properties(TEMPLATE, "EC2::SecurityGroupEgress"),
    ]
    for group in properties(TEMPLATE, "EC2::SecurityGroup"):
        rules += [*group.get("SecurityGroupIngress", []), *group["SecurityGroupEgress"]]
    assert all(rule["Description"] for rule in rules)


def test_the_access_list_lets_no_answer_come_to_a_port_that_a_service_has() -> None:
    served = {opening.port for role in ROLES.values() for opening in role.openings}
    for entry in properties(TEMPLATE, "EC2::NetworkAclEntry"):
        if not entry["Egress"] and entry["CidrBlock"] == "0.0.0.0/0" and "PortRange" in entry:
            open_ports = range(entry["PortRange"]["From"], entry["PortRange"]["To"] + 1)
            assert served.intersection(open_ports) <= {80, 443}
            assert 22 not in open_ports


@given(stacks())
@settings(max_examples=20)
def test_every_host_needs_a_token_for_its_metadata_and_only_monitorings_reaches_a_container(
    stack: Settings,
) -> None:
    template = build_template(stack)
    for host in stack.hosts:
        options = template["Resources"][f"{host.name.capitalize()}Host"]["Properties"]["MetadataOptions"]
        assert options["HttpTokens"] == "required"
        assert options["HttpPutResponseHopLimit"] == (2 if "monitoring" in host.roles else 1)


@given(stacks())
@settings(max_examples=20)
def test_every_disk_is_encrypted_and_every_data_volume_leaves_a_snapshot(stack: Settings) -> None:
    template = build_template(stack)
    for volume in of_type(template, "EC2::Volume").values():
        assert volume["Properties"]["Encrypted"] is True
        assert volume["Properties"]["VolumeType"] == "gp3"
        assert volume["DeletionPolicy"] == volume["UpdateReplacePolicy"] == "Snapshot"
    for host in properties(template, "EC2::Instance"):
        (root,) = host["BlockDeviceMappings"]
        assert root["Ebs"]["Encrypted"] is True
        assert root["Ebs"]["VolumeType"] == "gp3"


@given(stacks())
@settings(max_examples=20)
def test_a_host_has_the_groups_volumes_and_permissions_of_its_roles(stack: Settings) -> None:
    template = build_template(stack)
    for host in stack.hosts:
        name = host.name.capitalize()
        found = template["Resources"][f"{name}Host"]["Properties"]
        groups = [group["Fn::GetAtt"][0] for group in found["SecurityGroupIds"]]
        assert groups == [f"{name.capitalize()}SecurityGroup" for name in (*host.roles, "hosts")]
        assert [mount["VolumeId"]["Ref"] for mount in found["Volumes"]] == [
            f"{name}{volume.role.capitalize()}Volume" for volume in host.data_volumes
        ]
        policies = template["Resources"][f"{name}InstanceRole"]["Properties"]["Policies"]
        assert [policy["PolicyName"] for policy in policies] == list(host.roles)


@given(stacks())
@settings(max_examples=20)
def test_the_same_settings_give_the_same_template_and_every_resource_has_its_stacks_name(
    stack: Settings,
) -> None:
    template = build_template(stack)
    assert as_json(build_template(stack)) == as_json(template)
    for resource in template["Resources"].values():
        tags = resource["Properties"].get("Tags")
        assert tags is None or {"Key": "Stack", "Value": {"Ref": "AWS::StackName"}} in tags


def test_a_role_reads_its_own_secrets_and_monitoring_sees_hosts() -> None:
    policies = {
        policy["PolicyName"]: policy["PolicyDocument"]["Statement"]
        for role in properties(TEMPLATE, "IAM::Role")
        for policy in role["Policies"]
    }
    assert set(policies) == set(ROLES)
    for role, statements in policies.items():
        secrets, key, *more = statements
        assert secrets["Action"] == ["ssm:GetParameter", "ssm:GetParameters"]
        assert secrets["Resource"]["Fn::Sub"].endswith(f":parameter/${{AWS::StackName}}/{role}/*")
        assert key["Action"] == "kms:Decrypt"
        assert set(key["Condition"]) == {"ForAnyValue:StringEquals", "StringEquals", "StringLike"}
        assert [one["Action"] for one in more] == [list(one.actions) for one in ROLES[role].permissions]


def test_jenkins_can_deploy_and_neither_change_the_stack_nor_give_permissions() -> None:
    changing = [
        action
        for permission in ROLES["jenkins"].permissions
        for action in permission.actions
        if not re.match(r"\w+:(Describe|Get)", action)
    ]
    assert changing == ["ssm:PutParameter", "ssm:DeleteParameters"]
    for permission in ROLES["jenkins"].permissions:
        narrowed = "${AWS::StackName}" in permission.resource or permission.of_own_stack
        assert narrowed or permission.actions == ("ec2:DescribeInstances",)


def test_jenkins_lists_the_parameters_by_the_stacks_path_whether_or_not_it_ends_with_a_slash() -> None:
    listing = {
        permission.resource.rpartition("}:")[2]
        for permission in ROLES["jenkins"].permissions
        if "ssm:GetParametersByPath" in permission.actions
    }
    assert listing == {"parameter/${AWS::StackName}", "parameter/${AWS::StackName}/*"}


def test_nothing_secret_is_in_what_a_host_is_started_with() -> None:
    for host in properties(TEMPLATE, "EC2::Instance"):
        assert host["UserData"]["Fn::Base64"] == (
            "#cloud-config\nssh_genkeytypes: [ed25519]\nssh_pwauth: false\ndisable_root: true\n"
        )


def test_each_subnet_is_in_the_zone_that_the_launch_names_and_says_so_to_the_next() -> None:
    for number in (1, 2):
        subnet = TEMPLATE["Resources"][f"Subnet{number}"]["Properties"]
        assert subnet["AvailabilityZone"] == {"Ref": f"Zone{number}"}
        said = TEMPLATE["Outputs"][f"Zone{number}"]["Value"]
        assert said == {"Fn::GetAtt": [f"Subnet{number}", "AvailabilityZone"]}
    assert "Fn::GetAZs" not in as_json(TEMPLATE)


def test_a_first_launch_gives_the_key_and_a_later_one_keeps_it_and_each_hosts_image() -> None:
    first = launch_parameters(DEFAULT, KEY, ["203.0.113.7/32"], ZONES, {})
    assert first["PublicKey"] == KEY
    assert first["AppImage"] == ""
    outputs = {"AppImage": "ami-1", "AppRoles": "app"}
    later = launch_parameters(DEFAULT, KEY, ["203.0.113.7/32"], ZONES, outputs)
    assert "PublicKey" not in later
    assert [later["Zone1"], later["Zone2"]] == [first["Zone1"], first["Zone2"]] == ZONES
    assert (later["AppImage"], later["JenkinsImage"]) == ("ami-1", "")
    assert set(first) == set(TEMPLATE["Parameters"])


def test_the_outputs_are_the_contract_with_the_inventory() -> None:
    assert set(TEMPLATE["Outputs"]) == {
        *(
            f"{host}{fact}"
            for host in ("App", "Jenkins", "Monitoring")
            for fact in ("InstanceId", "PublicAddress", "PrivateAddress", "Roles", "Image")
        ),
        "Zone1",
        "Zone2",
        "AppDatabaseVolume",
        "AppDatabaseVolumeGib",
        "JenkinsJenkinsVolume",
        "JenkinsJenkinsVolumeGib",
        "MonitoringMonitoringVolume",
        "MonitoringMonitoringVolumeGib",
    }
    assert TEMPLATE["Outputs"]["JenkinsJenkinsVolumeGib"]["Value"] == "30"


@pytest.mark.parametrize("kind", ["EC2::Instance", "EC2::Volume", "EC2::EIP", "EC2::KeyPair"])
def test_the_stacks_policy_lets_no_update_replace_it(kind: str) -> None:
    allowed, denied = build_stack_policy()["Statement"]
    assert (allowed["Effect"], allowed["Action"]) == ("Allow", "Update:*")
    assert (denied["Effect"], denied["Action"]) == ("Deny", "Update:Replace")
    assert f"AWS::{kind}" in denied["Condition"]["StringEquals"]["ResourceType"]


def test_what_makes_a_host_another_one_is_known_of_each_of_its_properties() -> None:
    (host, *_) = properties(TEMPLATE, "EC2::Instance")
    in_place = CHANGED_RUNNING | CHANGED_STOPPED
    assert host.keys() - in_place == {"BlockDeviceMappings", "ImageId", "KeyName", "SubnetId"}
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::EC2::Instance").schema
    assert in_place.isdisjoint(path.rpartition("/")[2] for path in schema["createOnlyProperties"])


def test_the_monitoring_host_may_publish_to_the_topic_of_the_settings_and_nobody_else_may() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:alerts"
    text = (ROOT / "stack.toml").read_text() + f'\n[alerts]\nsns_topic = "{topic}"\n'
    built = build_template(parse_settings(text, "stack.toml"))
    allowed = {
        name: statement["Resource"]
        for name, role in built["Resources"].items()
        if role["Type"] == "AWS::IAM::Role"
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Action"] == ["sns:Publish"]
    }
    assert allowed == {"MonitoringInstanceRole": topic}
