"""What to deploy: `stack.toml` as frozen values, or every mistake in it at once."""

import tomllib
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from urllib.parse import urlsplit

from ec2.errors import SettingsError
from ec2.roles import ROLES, VOLUMES
from ec2.service_tables import AlertsTable, MicroblogTable, user
from ec2.stack_file import MY_ADDRESS, HostTable, StackTable, checked

SSH_PORT = 22


@dataclass(frozen=True)
class DataVolumeSettings:
    """The volume that a role keeps on a host."""

    role: str
    size_gib: int


@dataclass(frozen=True)
class HostSettings:
    """One host; its roles are in the order of the table of roles."""

    name: str
    roles: tuple[str, ...]
    instance_type: str
    zone: int
    root_volume_gib: int
    data_volumes: tuple[DataVolumeSettings, ...]


@dataclass(frozen=True)
class PipelineSettings:
    """What Jenkins builds, and what becomes of it."""

    repository_url: str
    branch: str
    deployment: str
    notify: str
    git_known_hosts: str
    smtp_url: str | None

    @property
    def ssh_port(self) -> int | None:
        """Where the git server listens, where the repository is reached by SSH."""
        where = urlsplit(self.repository_url)
        return (where.port or SSH_PORT) if where.scheme == "ssh" else None

    def variables(self) -> dict[str, str]:
        """As the compose file has them."""
        return {
            "PIPELINE_REPOSITORY_URL": self.repository_url,
            "PIPELINE_BRANCH": self.branch,
            "JENKINS_DEPLOYMENT": self.deployment,
            "JENKINS_ADMIN_ADDRESS": self.notify,
            "JENKINS_GIT_KNOWN_HOSTS": self.git_known_hosts,
            **(mail_variables(self.smtp_url) if self.smtp_url else {}),
        }


def mail_variables(smtp_url: str) -> dict[str, str]:
    """How Jenkins' mail leaves, in the pieces in which its plugin takes it."""
    server = urlsplit(smtp_url)
    at_once = server.scheme == "smtps"
    return {
        "JENKINS_SMTP_HOST": str(server.hostname),
        "JENKINS_SMTP_PORT": str(server.port or (465 if at_once else 587)),
        "JENKINS_SMTP_SSL": "true" if at_once else "false",
        "JENKINS_SMTP_STARTTLS": "false" if at_once else "true",
        "JENKINS_SMTP_USER": user(smtp_url),
    }


@dataclass(frozen=True)
class Settings:
    """One stack; `admin` is as the file has it: read `admin_cidrs`."""

    name: str
    region: str
    admin: tuple[str, ...]
    network: IPv4Network
    hosts: tuple[HostSettings, ...]
    # Without it Jenkins has nothing to build.
    pipeline: PipelineSettings | None = None
    alerts: AlertsTable = field(default_factory=AlertsTable)
    microblog: MicroblogTable = field(default_factory=MicroblogTable)

    @property
    def told_services(self) -> dict[str, str]:
        """What services are told of [alerts] and [microblog], as the compose file calls it."""
        alerts, microblog = self.alerts, self.microblog
        told = {
            "ALERTS_EMAIL_TO": alerts.email_to,
            "ALERTS_EMAIL_FROM": alerts.email_from,
            "ALERTS_SMTP_URL": alerts.smtp_url,
            "ALERTS_SLACK": "yes" if alerts.slack else None,
            "ALERTS_SLACK_CHANNEL": alerts.slack_channel,
            "ALERTS_WEBHOOK_URL": alerts.webhook_url,
            "ALERTS_SNS_TOPIC": alerts.sns_topic,
            "ALERTS_HEARTBEAT_URL": alerts.heartbeat_url,
            "ALERTS_QUIET_HOURS": alerts.quiet_hours,
            "PUBLIC_URL": microblog.public_url,
            "TRUSTED_PROXIES": " ".join(microblog.trusted_proxies),
            "MAIL_URL": microblog.mail_url,
            "MAIL_FROM": microblog.mail_from,
            "PROBED": f"{microblog.public_url}/login" if microblog.public_url else None,
        }
        return {key: value for key, value in told.items() if value}

    @property
    def secrets_needed(self) -> tuple[str, ...]:
        """The names of the secrets that only a person can give and these settings need."""
        needed = {
            "mail_password": user(self.microblog.mail_url),
            "smtp_password": user(self.alerts.smtp_url),
            "slack_webhook": self.alerts.slack,
            "pipeline_password": self.pipeline and user(self.pipeline.smtp_url),
        }
        return tuple(name for name, is_needed in needed.items() if is_needed)

    @property
    def needs_my_address(self) -> bool:
        """Whether somebody must find out the address that this machine has on the internet."""
        return MY_ADDRESS in self.admin

    def admin_cidrs(self, my_address: IPv4Address | None = None) -> tuple[str, ...]:
        """From where people may log in, with this machine's address where the file asks for it."""
        cidrs = tuple(f"{my_address}/32" if entry == MY_ADDRESS else entry for entry in self.admin)
        if len(set(cidrs)) < len(cidrs):
            raise SettingsError(f"admin names {my_address}/32 twice: it is my address", "leave one out")
        return cidrs


def read_settings(path: Path) -> Settings:
    """Read a stack file; SettingsError names every mistake with its key, its value and what was expected."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}", "--file names another one") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not a text in UTF-8", "--file names another one") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, source: str) -> Settings:
    """The settings that a text of TOML holds; `source` is what messages call it."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{source} is no TOML: {error}", f"correct {source}") from error
    table, mistakes = checked(given)
    if table is None or mistakes:
        listed = "".join(f"\n  {mistake}" for mistake in mistakes)
        raise SettingsError(f"{source} has {counted(len(mistakes))}:{listed}", f"correct {source}")
    return settings(table)


def counted(mistakes: int) -> str:
    """Their number in words."""
    return "a mistake" if mistakes == 1 else f"{mistakes} mistakes"


def settings(table: StackTable) -> Settings:
    """The values of a file without mistakes."""
    hosts = tuple(host_settings(name, host) for name, host in table.hosts.items())
    pipeline = PipelineSettings(**table.pipeline.model_dump()) if table.pipeline else None
    return Settings(
        table.name,
        table.region,
        table.admin,
        table.network,
        hosts,
        pipeline,
        table.alerts,
        table.microblog,
    )


def host_settings(name: str, table: HostTable) -> HostSettings:
    """One host, with a volume for each of its roles that keeps data."""
    return HostSettings(
        name=name,
        roles=tuple(role for role in ROLES if role in table.roles),
        instance_type=table.instance_type,
        zone=table.zone,
        root_volume_gib=table.root_volume_gib,
        data_volumes=tuple(
            DataVolumeSettings(role, table.data_volumes_gib.get(role, volume.default_gib))
            for role, volume in VOLUMES.items()
            if role in table.roles
        ),
    )
