"""What stack.toml may say, and what is said of its mistakes."""

from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ec2.errors import SettingsError
from ec2.settings import DataVolumeSettings, HostSettings, Settings, parse_settings, read_settings
from ec2.stack_file import checked

ROOT = Path(__file__).parents[3]
ONE_HOST = """
name = "small"
region = "eu-central-1"
admin = ["203.0.113.7", "198.51.100.0/24"]
[hosts.all]
roles = ["monitoring", "app", "jenkins", "database"]
instance_type = "t3.large"
"""
NAME = (
    "at most 24 small letters, digits and hyphens, a letter first and no hyphen last, and not aws or ssm "
    "first: AWS lets nobody else keep parameters below such names"
)
INSTANCE_TYPE = (
    "an instance type of AWS for x86-64, such as t3.small or m6i.large, and none from before Nitro, such as "
    "t2 or m4: there the console is told too late for a host's keys, and disks have no names to find them by"
)


def mistakes(text: str) -> list[str]:
    """What is said of a file, a line per mistake."""
    with pytest.raises(SettingsError) as refused:
        parse_settings(text, "stack.toml")
    head, *listed = refused.value.message.splitlines()
    assert head == f"stack.toml has {'a mistake' if len(listed) == 1 else f'{len(listed)} mistakes'}:"
    return [line.strip() for line in listed]


def with_line(line: str) -> str:
    """The small file with one of its lines in another way."""
    key = line.split(" = ")[0]
    lines = [line if old.startswith(f"{key} =") else old for old in ONE_HOST.splitlines()]
    return "\n".join(lines if line in lines else [*lines, line])


def test_the_file_that_comes_with_the_project_works_as_it_is() -> None:
    settings = read_settings(ROOT / "stack.toml")
    assert [(host.name, host.roles, host.instance_type) for host in settings.hosts] == [
        ("app", ("app", "database"), "t3.small"),
        ("jenkins", ("jenkins",), "t3.medium"),
        ("monitoring", ("monitoring",), "t3.small"),
    ]
    assert settings.needs_my_address
    assert settings.admin_cidrs(IPv4Address("203.0.113.9")) == ("203.0.113.9/32",)


def test_one_host_may_have_every_role_and_what_is_not_said_has_a_default() -> None:
    assert parse_settings(ONE_HOST, "stack.toml") == Settings(
        name="small",
        region="eu-central-1",
        admin=("203.0.113.7/32", "198.51.100.0/24"),
        network=IPv4Network("10.20.0.0/16"),
        hosts=(
            HostSettings(
                name="all",
                roles=("app", "database", "jenkins", "monitoring"),
                instance_type="t3.large",
                zone=1,
                root_volume_gib=20,
                data_volumes=(
                    DataVolumeSettings("database", 20),
                    DataVolumeSettings("jenkins", 30),
                    DataVolumeSettings("monitoring", 20),
                ),
            ),
        ),
    )


def test_every_mistake_is_named_at_once_with_its_key_its_value_and_what_was_expected() -> None:
    text = """
    name = "Mine"
    region = "mars-1"
    admin = ["0.0.0.0/0"]
    colour = "red"
    [hosts.app]
    roles = ["app", "databse"]
    instance_type = "t3.smal"
    zone = 3
    [hosts.two]
    roles = ["database", "jenkins"]
    """
    assert mistakes(text) == [
        f'name = "Mine": expected {NAME}',
        'region = "mars-1": expected a region of AWS, such as us-east-1',
        'admin = "0.0.0.0/0": expected "my address", or up to 10 ranges such as "203.0.113.0/24", none '
        "shorter than /8: administration is never open to the world",
        'hosts.app.roles = "databse": expected a list of app, database, jenkins, monitoring, each once',
        f'hosts.app.instance_type = "t3.smal": expected {INSTANCE_TYPE}',
        "hosts.app.zone = 3: expected 1 or 2",
        f"hosts.two.instance_type is missing: expected {INSTANCE_TYPE}",
        "colour is unknown: the keys here are name, region, admin, network, pipeline, alerts, microblog, "
        "hosts",
        "hosts: none has the role monitoring: expected one at least",
    ]


def test_an_empty_file_is_told_what_it_lacks() -> None:
    assert [line.split(":")[0] for line in mistakes("")] == [
        "name is missing",
        "region is missing",
        "admin is missing",
        "hosts is missing",
    ]


@pytest.mark.parametrize(
    "admin",
    [
        '"0.0.0.0/0"',
        '["10.0.0.0/7"]',
        '["203.0.113.7/24"]',
        '["10.0.0.0/8", "10.0.0.0/8"]',
        '["my adress"]',
        '"::/0"',
        "[]",
        "7",
    ],
)
def test_administration_is_open_to_no_more_than_a_written_range(admin: str) -> None:
    (line,) = mistakes(with_line(f"admin = {admin}"))
    assert line.startswith("admin = ")


@given(st.integers(0, 2**32 - 1), st.integers(0, 7))
def test_no_range_shorter_than_8_is_ever_taken(address: int, prefix: int) -> None:
    network = IPv4Network((address, prefix), strict=False)
    (line,) = mistakes(with_line(f'admin = ["{network}"]'))
    assert f'"{network}"' in line


@pytest.mark.parametrize(
    "line",
    [
        'name = "a-name-of-twenty-five-chars"',
        'name = "ends-"',
        'name = "1st"',
        'name = "aws-blog"',
        'name = "ssm"',
        'network = "8.8.8.0/24"',
        'network = "10.0.0.0/8"',
        'network = "10.20.0.1/16"',
    ],
)
def test_names_and_networks_that_aws_would_not_take_are_refused(line: str) -> None:
    key, value = line.split(" = ")
    text = ONE_HOST.replace('name = "small"', line) if key == "name" else line + ONE_HOST
    (told,) = mistakes(text)
    assert told.startswith(f"{key} = {value}: expected ")


@pytest.mark.parametrize("name", ["App", "app-1", "1app", "a" * 21, '""'])
def test_a_host_has_a_name_of_letters_and_digits(name: str) -> None:
    lines = mistakes(ONE_HOST.replace("[hosts.all]", f"[hosts.{name}]"))
    assert all("a table [hosts.NAME] per host" in line for line in lines)


@pytest.mark.parametrize(
    ("kind", "runs"),
    [
        ("t3.small", True),
        ("m7i-flex.large", True),
        ("g4dn.xlarge", True),
        ("c7a.medium", True),
        ("t4g.small", False),
        ("m6gd.large", False),
        ("im4gn.large", False),
        ("a1.medium", False),
        ("p6e-gb200.36xlarge", False),
        ("mac2.metal", False),
        ("t3.tiny", False),
    ],
)
def test_an_instance_type_exists_and_runs_an_amd64_image(kind: str, runs: bool) -> None:
    text = with_line(f'instance_type = "{kind}"')
    if runs:
        assert parse_settings(text, "stack.toml").hosts[0].instance_type == kind
    else:
        (line,) = mistakes(text)
        assert line.startswith(f'hosts.all.instance_type = "{kind}"')


@pytest.mark.parametrize("kind", ["t2.small", "m4.large", "i3.large", "x1e.xlarge", "p3.2xlarge"])
def test_an_instance_type_from_before_nitro_is_refused_with_the_reason(kind: str) -> None:
    assert mistakes(with_line(f'instance_type = "{kind}"')) == [
        f'hosts.all.instance_type = "{kind}": expected {INSTANCE_TYPE}'
    ]


@pytest.mark.parametrize("kind", ["i3.metal", "i3en.large", "p3dn.24xlarge", "u-6tb1.56xlarge"])
def test_what_only_sounds_like_one_is_taken(kind: str) -> None:
    assert parse_settings(with_line(f'instance_type = "{kind}"'), "").hosts[0].instance_type == kind


@pytest.mark.parametrize("value", ["11", "16385", '"20"', "20.5", "true"])
def test_a_root_volume_is_a_whole_number_of_gib_in_reach_of_aws(value: str) -> None:
    (line,) = mistakes(with_line(f"root_volume_gib = {value}"))
    assert line == f"hosts.all.root_volume_gib = {value}: expected a whole number of GiB from 12 to 16384"


def test_a_data_volume_belongs_to_a_role_of_its_host_that_keeps_data() -> None:
    two = (
        ONE_HOST.replace('"jenkins", ', "") + "[hosts.ci]\nroles = ['jenkins']\ninstance_type = 't3.medium'\n"
    )
    assert mistakes(two + "data_volumes_gib = { database = 10 }") == [
        "hosts.ci.data_volumes_gib.database: expected the role database on this host"
    ]
    (line,) = mistakes(two + "data_volumes_gib = { app = 10 }")
    assert line.startswith('hosts.ci.data_volumes_gib.app = "app": expected a table of roles that keep data')


def test_the_database_is_in_one_place_and_every_role_somewhere() -> None:
    more = ONE_HOST.replace('"jenkins", ', "") + "[hosts.b]\nroles = ['database']\ninstance_type = 't3.small'"
    assert mistakes(more) == [
        "hosts: 2 have the role database: expected one: data is in one place",
        "hosts: none has the role jenkins: expected one at least",
    ]


def test_a_role_may_have_several_hosts() -> None:
    more = ONE_HOST + "[hosts.b]\nroles = ['app']\ninstance_type = 't3.small'\nzone = 2"
    settings = parse_settings(more, "stack.toml")
    assert [host.name for host in settings.hosts if "app" in host.roles] == ["all", "b"]


def test_my_address_takes_its_place_among_the_ranges() -> None:
    settings = parse_settings(with_line('admin = ["198.51.100.0/24", "my address"]'), "stack.toml")
    assert settings.admin_cidrs(IPv4Address("203.0.113.9")) == ("198.51.100.0/24", "203.0.113.9/32")
    with pytest.raises(SettingsError, match=r"names 203\.0\.113\.7/32 twice"):
        parse_settings(with_line('admin = ["203.0.113.7", "my address"]'), "").admin_cidrs(
            IPv4Address("203.0.113.7")
        )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"name = ", "is no TOML"), (b"\xff", "is not a text in UTF-8"), (None, "cannot be read: No such file")],
)
def test_a_file_that_cannot_be_read_is_an_account(tmp_path: Path, content: bytes | None, said: str) -> None:
    file = tmp_path / "stack.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsError, match=said):
        read_settings(file)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    ),
    st.sampled_from(["name", "region", "admin", "network", "hosts", "roles", "data_volumes_gib", "zone"]),
)
def test_whatever_stands_in_a_file_is_a_mistake_or_a_setting_and_no_defect(value: object, key: str) -> None:
    host = {"roles": ["app"], "instance_type": "t3.small"}
    given = {"name": "a", "region": "us-east-1", "admin": "my address", "hosts": {"one": host}}
    (host if key in ("roles", "data_volumes_gib", "zone") else given)[key] = value
    table, found = checked(given)
    assert found or table is not None


def test_the_pipeline_is_told_as_compose_has_it() -> None:
    told = parse_settings(
        ONE_HOST + '[pipeline]\nrepository_url = "https://git.example.org/a.git"\n', "stack.toml"
    )
    assert told.pipeline is not None
    assert told.pipeline.variables() == {
        "PIPELINE_REPOSITORY_URL": "https://git.example.org/a.git",
        "PIPELINE_BRANCH": "main",
        "JENKINS_DEPLOYMENT": "none",
        "JENKINS_ADMIN_ADDRESS": "admin@example.org",
        "JENKINS_GIT_KNOWN_HOSTS": "",
    }
    assert parse_settings(ONE_HOST, "stack.toml").pipeline is None


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("smtp+starttls://ci%40example.org@mail.example.org", ("587", "false", "true", "ci@example.org")),
        ("smtps://ci@mail.example.org", ("465", "true", "false", "ci")),
        ("smtp+starttls://mail.example.org:465", ("465", "false", "true", "")),
    ],
)
def test_how_its_mail_leaves_is_told_to_jenkins_in_pieces(url: str, told: tuple[str, ...]) -> None:
    table = f'[pipeline]\nrepository_url = "https://git.example.org/a.git"\nsmtp_url = "{url}"\n'
    settings = parse_settings(ONE_HOST + table, "stack.toml")
    assert settings.pipeline is not None
    variables = settings.pipeline.variables()
    assert variables["JENKINS_SMTP_HOST"] == "mail.example.org"
    pieces = ("PORT", "SSL", "STARTTLS", "USER")
    assert tuple(variables[f"JENKINS_SMTP_{piece}"] for piece in pieces) == told
    assert settings.secrets_needed == (("pipeline_password",) if told[-1] else ())


@pytest.mark.parametrize(
    "url",
    [
        "smtp://mail.example.org",
        "smtps://a:b@c.org",
        "smtps://c.org:25",
        "smtps://c.org:587",
        "smtps://o%27hara@c.org",
        "smtps://%24%7BX%7D@c.org",
    ],
)
def test_mail_that_ec2_would_not_let_out_or_a_host_could_not_be_told_is_refused(url: str) -> None:
    table = f'[pipeline]\nrepository_url = "https://git.example.org/a.git"\nsmtp_url = "{url}"\n'
    (line,) = mistakes(ONE_HOST + table)
    assert line.startswith(f'pipeline.smtp_url = "{url}": expected an address like smtp+starttls://')


@pytest.mark.parametrize("where", ["git.example.org:99999", "git.example.org:x", ":22"])
def test_a_repository_whose_port_is_none_is_refused(where: str) -> None:
    (line,) = mistakes(ONE_HOST + f'[pipeline]\nrepository_url = "ssh://{where}/a.git"\n')
    assert line.startswith(f'pipeline.repository_url = "ssh://{where}/a.git": expected where git finds')


def test_a_repository_with_a_quote_is_refused_as_it_would_end_a_value_on_the_host() -> None:
    assert mistakes(ONE_HOST + '[pipeline]\nrepository_url = "https://git.example.org/o\'hara.git"\n') == [
        'pipeline.repository_url = "https://git.example.org/o\'hara.git": '
        "expected where git finds the repository: https://… or ssh://…, without spaces and quotes"
    ]


def test_a_deployment_that_is_none_of_the_three_is_named() -> None:
    table = '[pipeline]\nrepository_url = "https://git.example.org/a.git"\ndeployment = "always"\n'
    assert mistakes(ONE_HOST + table) == [
        'pipeline.deployment = "always": expected none, approved or automatic'
    ]
