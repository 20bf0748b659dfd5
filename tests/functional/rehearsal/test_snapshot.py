"""The cloud is killed and started again, and is the same cloud."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ec2.rehearsal.settings import REGION
from tests.conftest import ROOT

PROCESS = Path(__file__).with_name("snapshot_process.py")
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
AMAZONS = "arn:aws:iam::aws:policy/"
AN_IMAGE = "ami-12c6146b"  # one that moto knows
# Larger than what moto keeps in memory, and bytes that no text is.
LARGE = bytes(range(256)) * 100_000


class Process:
    """One life of the control plane."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.opened, self.log = opened, folder / "log"
        self.child = opened.enter_context(
            subprocess.Popen(
                [sys.executable, "-W", "ignore", PROCESS, folder],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT), "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=opened.enter_context(self.log.open("w")),
                text=True,
            )
        )
        opened.callback(self.kill)
        said = self.said()
        self.url, self.loaded = f"http://127.0.0.1:{said['port']}", said["loaded"]

    def said(self) -> dict[str, Any]:
        assert self.child.stdout
        line = self.child.stdout.readline()
        assert line, self.log.read_text()[-2000:]
        return dict(json.loads(line))

    def save(self, **additions: Any) -> dict[str, Any]:
        assert self.child.stdin
        self.child.stdin.write(json.dumps(additions) + "\n")
        self.child.stdin.flush()
        return self.said()

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()

    def client(self, service: str) -> Any:
        return self.opened.enter_context(
            closing(
                boto3.client(
                    service,
                    region_name=REGION,
                    endpoint_url=self.url,
                    aws_access_key_id="test",
                    aws_secret_access_key="test",
                    config=Config(retries={"max_attempts": 0}),
                )
            )
        )


@pytest.fixture(scope="module")
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory, opened: ExitStack) -> "Lives":
    """A cloud with some of everything, seen by its first process, killed, and seen by the second."""
    return Lives(tmp_path_factory.mktemp("cloud"), opened)


class Lives:
    def __init__(self, folder: Path, opened: ExitStack) -> None:
        first = Process(folder, opened)
        self.folder, self.opened = folder, opened
        self.made = {**make_network(first), **make_services(first)}
        self.seen_before = everything(first, self.made)
        self.first_save = first.save(engine={"stacks": ["one"]}, sessions=[1, 2])
        self.second_save = first.save(engine={"stacks": ["one"]}, sessions=[1, 2])
        first.kill()
        began = time.monotonic()
        self.now = Process(folder, opened)
        self.restart_seconds = time.monotonic() - began
        self.seen_after = everything(self.now, self.made)


def make_network(process: Process) -> dict[str, str]:
    ec2 = process.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.1.0/24", AvailabilityZone=f"{REGION}a")
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.20.2.0/24", AvailabilityZone=f"{REGION}b")
    made = {"vpc": vpc, "subnet": subnet["Subnet"]["SubnetId"], "other": other["Subnet"]["SubnetId"]}
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    made["group"] = ec2.create_security_group(GroupName="web", Description="-", VpcId=vpc)["GroupId"]
    open_port = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=made["group"], IpPermissions=[open_port])
    ec2.create_key_pair(KeyName="key")
    choices = {"ImageId": AN_IMAGE, "SubnetId": made["subnet"], "SecurityGroupIds": [made["group"]]}
    hosts = ec2.run_instances(MinCount=4, MaxCount=4, UserData="#cloud-config", **choices)["Instances"]
    made["host"], made["another"] = hosts[0]["InstanceId"], hosts[1]["InstanceId"]
    made["address"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=made["address"], InstanceId=made["host"])
    made["volume"] = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    ec2.attach_volume(VolumeId=made["volume"], InstanceId=made["host"], Device="/dev/sdf")
    made["snapshot"] = ec2.create_snapshot(VolumeId=made["volume"])["SnapshotId"]
    return made


def make_services(process: Process) -> dict[str, str]:
    made = make_identities(process)
    ssm, s3, sns, logs = (process.client(each) for each in ("ssm", "s3", "sns", "logs"))
    ssm.put_parameter(Name="/app/secret", Value="hidden", Type="SecureString")
    ssm.add_tags_to_resource(
        ResourceType="Parameter", ResourceId="/app/secret", Tags=[{"Key": "Role", "Value": "app"}]
    )
    s3.create_bucket(Bucket="registry")
    s3.put_object(Bucket="registry", Key="large", Body=LARGE)
    s3.put_object(Bucket="registry", Key="small", Body=b"small")
    made["topic"] = sns.create_topic(Name="alerts")["TopicArn"]
    sns.subscribe(TopicArn=made["topic"], Protocol="email", Endpoint="someone@example.org")
    logs.create_log_group(logGroupName="/app")
    logs.create_log_stream(logGroupName="/app", logStreamName="host")
    event = {"timestamp": int(time.time() * 1000), "message": "hello"}
    logs.put_log_events(logGroupName="/app", logStreamName="host", logEvents=[event])
    process.client("cloudwatch").put_metric_alarm(
        AlarmName="busy", Namespace="App", MetricName="load", Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=1.0, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    process.client("secretsmanager").create_secret(Name="password", SecretString="hidden")
    process.client("route53").create_hosted_zone(Name="example.org", CallerReference="1")
    process.client("sqs").create_queue(QueueName="work")
    process.client("ecr").create_repository(repositoryName="app")
    process.client("acm").request_certificate(DomainName="example.org")
    return made


def make_identities(process: Process) -> dict[str, str]:
    iam, kms = process.client("iam"), process.client("kms")
    iam.create_role(RoleName="monitoring", AssumeRolePolicyDocument=TRUST)
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="monitoring", PolicyName="all", PolicyDocument=json.dumps(allowed))
    iam.attach_role_policy(RoleName="monitoring", PolicyArn=AMAZONS + "AmazonSSMManagedInstanceCore")
    iam.create_instance_profile(InstanceProfileName="monitoring")
    iam.add_role_to_instance_profile(InstanceProfileName="monitoring", RoleName="monitoring")
    role = "arn:aws:iam::123456789012:role/monitoring"
    session = process.client("sts").assume_role(RoleArn=role, RoleSessionName="i-0123")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key)
    signing = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["KeyId"]
    secret = kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"].hex()
    return {
        "session": session["Credentials"]["AccessKeyId"],
        "key": key,
        "signing": signing,
        "secret": secret,
    }


QUESTIONS = [
    ("ec2", "describe_vpcs", {}),
    ("ec2", "describe_subnets", {}),
    ("ec2", "describe_internet_gateways", {}),
    ("ec2", "describe_route_tables", {}),
    ("ec2", "describe_security_groups", {}),
    ("ec2", "describe_network_acls", {}),
    ("ec2", "describe_network_interfaces", {}),
    ("ec2", "describe_instances", {}),
    ("ec2", "describe_addresses", {}),
    ("ec2", "describe_volumes", {}),
    ("ec2", "describe_snapshots", {"Filters": [{"Name": "owner-id", "Values": ["123456789012"]}]}),
    ("ec2", "describe_key_pairs", {}),
    ("iam", "list_roles", {}),
    ("iam", "get_role_policy", {"RoleName": "monitoring", "PolicyName": "all"}),
    ("iam", "list_instance_profiles", {}),
    ("iam", "list_attached_role_policies", {"RoleName": "monitoring"}),
    ("iam", "list_policies", {"Scope": "AWS", "OnlyAttached": True}),
    ("iam", "get_policy_version", {"PolicyArn": AMAZONS + "ReadOnlyAccess", "VersionId": "v190"}),
    ("ssm", "get_parameter", {"Name": "/app/secret", "WithDecryption": True}),
    ("ssm", "list_tags_for_resource", {"ResourceType": "Parameter", "ResourceId": "/app/secret"}),
    ("s3", "list_objects_v2", {"Bucket": "registry"}),
    ("kms", "list_aliases", {}),
    ("kms", "list_keys", {}),
    ("sns", "list_topics", {}),
    ("sns", "list_subscriptions", {}),
    ("logs", "describe_log_groups", {}),
    ("logs", "get_log_events", {"logGroupName": "/app", "logStreamName": "host"}),
    ("cloudwatch", "describe_alarms", {}),
    ("secretsmanager", "get_secret_value", {"SecretId": "password"}),
    ("route53", "list_hosted_zones", {}),
    ("sqs", "list_queues", {}),
    ("ecr", "describe_repositories", {}),
    ("acm", "list_certificates", {}),
]


def everything(process: Process, made: dict[str, str]) -> dict[str, Any]:
    """Every answer but what a new connection changes: the request's own number, the port in an address."""
    answers = {}
    for service, question, choices in QUESTIONS:
        answer = getattr(process.client(service), question)(**choices)
        del answer["ResponseMetadata"]
        answers[f"{service} {question}"] = json.loads(
            json.dumps(answer, default=str).replace(process.url, "http://here")
        )
    answers["public key"] = str(process.client("kms").get_public_key(KeyId=made["signing"])["PublicKey"])
    return answers


@pytest.mark.parametrize(
    "question", [*(f"{service} {question}" for service, question, _ in QUESTIONS), "public key"]
)
def test_the_answer_is_the_same(lives: Lives, question: str) -> None:
    assert lives.seen_after[question] == lives.seen_before[question]
    assert lives.seen_after[question]


def test_nothing_was_left_out_and_what_the_caller_added_is_given_back(lives: Lives) -> None:
    assert lives.first_save["left_out"] == []
    assert lives.now.loaded == {"engine": {"stacks": ["one"]}, "sessions": [1, 2]}


def test_saving_again_leaves_bodies_of_objects_that_are_there_already(lives: Lives) -> None:
    assert lives.second_save["bytes"] < len(LARGE) / 5


def test_it_is_saved_while_others_read(lives: Lives) -> None:
    ec2 = lives.now.client("ec2")
    with ThreadPoolExecutor() as readers:
        reading = [readers.submit(ec2.describe_instances) for _ in range(30)]
        saved = [lives.now.save(**lives.now.loaded) for _ in range(5)]
    assert all(len(each.result()["Reservations"]) == 1 for each in reading)
    assert all(each["left_out"] == [] for each in saved)


def test_bodies_of_objects_are_there_byte_by_byte(lives: Lives) -> None:
    s3 = lives.now.client("s3")
    assert s3.get_object(Bucket="registry", Key="large")["Body"].read() == LARGE
    assert s3.get_object(Bucket="registry", Key="small")["Body"].read() == b"small"


def test_a_secret_encrypted_before_is_decrypted_after(lives: Lives) -> None:
    secret = bytes.fromhex(lives.made["secret"])
    assert lives.now.client("kms").decrypt(CiphertextBlob=secret)["Plaintext"] == b"plain"


def test_a_new_host_has_an_address_and_an_id_that_nobody_has(lives: Lives) -> None:
    ec2 = lives.now.client("ec2")
    before = instances(ec2)
    new = ec2.run_instances(ImageId=AN_IMAGE, MinCount=1, MaxCount=1, SubnetId=lives.made["subnet"])[
        "Instances"
    ][0]
    assert new["InstanceId"] not in before
    assert new["PrivateIpAddress"] not in before.values()
    assert new["PrivateIpAddress"] == "10.20.1.8"
    first = lives.seen_after["ec2 describe_addresses"]["Addresses"][0]["PublicIp"]
    assert ec2.allocate_address(Domain="vpc")["PublicIp"] != first


def instances(ec2: Any) -> dict[str, str]:
    found = [each for group in ec2.describe_instances()["Reservations"] for each in group["Instances"]]
    return {each["InstanceId"]: each.get("PrivateIpAddress", "") for each in found}


def test_everything_can_still_be_changed_and_deleted(lives: Lives) -> None:
    made, now = lives.made, lives.now
    ec2, iam = now.client("ec2"), now.client("iam")
    ec2.detach_volume(VolumeId=made["volume"], InstanceId=made["host"])
    restored = ec2.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=made["snapshot"])
    ec2.delete_volume(VolumeId=made["volume"])
    ec2.delete_volume(VolumeId=restored["VolumeId"])
    ec2.stop_instances(InstanceIds=[made["another"]])
    ec2.terminate_instances(InstanceIds=[made["host"]])
    ec2.release_address(AllocationId=made["address"])
    iam.remove_role_from_instance_profile(InstanceProfileName="monitoring", RoleName="monitoring")
    iam.delete_role_policy(RoleName="monitoring", PolicyName="all")
    iam.detach_role_policy(RoleName="monitoring", PolicyArn=AMAZONS + "AmazonSSMManagedInstanceCore")
    iam.delete_role(RoleName="monitoring")
    now.client("ssm").put_parameter(Name="/app/secret", Value="new", Type="SecureString", Overwrite=True)
    now.client("ssm").put_parameter(Name="/app/other", Value="new", Type="String")
    now.client("sns").publish(TopicArn=made["topic"], Message="hello")
    now.client("s3").delete_object(Bucket="registry", Key="large")
    assert now.save()["left_out"] == []
    volumes = {each["VolumeId"] for each in ec2.describe_volumes()["Volumes"]}
    assert not volumes & {made["volume"], restored["VolumeId"]}
    assert len(list((lives.folder / "snapshot/objects").iterdir())) == 1
