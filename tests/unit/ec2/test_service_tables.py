"""What stack.toml tells services, and what is said of its mistakes."""

import pytest

from ec2.errors import SettingsError
from ec2.settings import Settings, parse_settings

STACK = """
name = "blog"
region = "eu-central-1"
admin = "my address"
[hosts.all]
roles = ["app", "database", "jenkins", "monitoring"]
instance_type = "t3.large"
"""


def settings(more: str) -> Settings:
    return parse_settings(STACK + more, "stack.toml")


def mistakes(more: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        settings(more)
    return [line.strip() for line in refused.value.message.splitlines()[1:]]


def test_without_the_tables_services_are_told_nothing_and_no_secret_is_needed() -> None:
    assert settings("").told_services == {}
    assert settings("").secrets_needed == ()


def test_who_is_told_of_alerts_reaches_alertmanager_as_its_settings() -> None:
    given = settings("""
[alerts]
email_to = "ops@example.org"
email_from = "alerts@example.org"
smtp_url = "smtp+starttls://alerts%40example.org@mail.example.org:587"
slack = true
slack_channel = "#alerts"
webhook_url = "https://example.org/hooks/alerts"
sns_topic = "arn:aws:sns:eu-central-1:123456789012:alerts"
heartbeat_url = "https://example.org/beat"
quiet_hours = "22:00-06:00"
""")
    assert given.told_services == {
        "ALERTS_EMAIL_TO": "ops@example.org",
        "ALERTS_EMAIL_FROM": "alerts@example.org",
        "ALERTS_SMTP_URL": "smtp+starttls://alerts%40example.org@mail.example.org:587",
        "ALERTS_SLACK": "yes",
        "ALERTS_SLACK_CHANNEL": "#alerts",
        "ALERTS_WEBHOOK_URL": "https://example.org/hooks/alerts",
        "ALERTS_SNS_TOPIC": "arn:aws:sns:eu-central-1:123456789012:alerts",
        "ALERTS_HEARTBEAT_URL": "https://example.org/beat",
        "ALERTS_QUIET_HOURS": "22:00-06:00",
    }
    assert given.secrets_needed == ("smtp_password", "slack_webhook")


def test_where_the_microblog_is_found_is_what_its_mails_lead_to_and_what_is_probed() -> None:
    given = settings("""
[microblog]
public_url = "https://blog.example.org"
trusted_proxies = ["198.18.7.0/24", "2001:db8::7"]
mail_url = "smtps://blog@mail.example.org"
mail_from = "blog@example.org"
""")
    assert given.told_services == {
        "PUBLIC_URL": "https://blog.example.org",
        "TRUSTED_PROXIES": "198.18.7.0/24 2001:db8::7",
        "MAIL_URL": "smtps://blog@mail.example.org",
        "MAIL_FROM": "blog@example.org",
        "PROBED": "https://blog.example.org/login",
    }
    assert given.secrets_needed == ("mail_password",)


def test_a_mail_server_that_wants_nobody_to_log_in_needs_no_password() -> None:
    told = settings("""
[alerts]
email_to = "ops@example.org"
email_from = "alerts@example.org"
smtp_url = "smtps://relay.example.org"
""")
    assert told.secrets_needed == ()


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("alerts", 'email_to = "ops"', 'alerts.email_to = "ops": expected who is told by mail'),
        ("alerts", 'smtp_url = "smtps://a:secret@b.org"', "alerts.smtp_url = "),
        ("alerts", 'smtp_url = "smtps://mail.example.org:587"', "smtps at 465 alone"),
        ("alerts", 'webhook_url = "https://example.org:8443/"', "at port 80 or 443"),
        ("alerts", 'webhook_url = "https://example.org/it\'s"', "alerts.webhook_url = "),
        ("alerts", 'slack = "yes"', "alerts.slack = "),
        ("alerts", 'slack_channel = "alerts"', 'expected a channel such as "#alerts"'),
        ("alerts", 'sns_topic = "alerts"', "expected the ARN of a topic"),
        ("alerts", 'quiet_hours = "22-6"', "such as 22:00-06:00"),
        # All day, as Alertmanager takes it.
        ("alerts", 'quiet_hours = "22:00-22:00"', "such as 22:00-06:00"),
        ("alerts", 'pager = "x"', "alerts.pager is unknown: the keys here are email_to, "),
        ("microblog", 'public_url = "blog.example.org"', "expected where people find it"),
        ("microblog", 'public_url = "https://blog.example.org/path"', "expected where people find it"),
        ("microblog", 'trusted_proxies = ["10.0.0.0/99"]', "expected what speaks TLS in front of it"),
        ("microblog", 'trusted_proxies = ["0.0.0.0/0"]', "expected what speaks TLS in front of it"),
        ("microblog", 'trusted_proxies = ["fe80::1%eth0"]', "expected what speaks TLS in front of it"),
        ("microblog", 'trusted_proxies = ["fe80::1%\';\\n"]', "expected what speaks TLS in front of it"),
        ("microblog", 'mail_from = "Blog <b@example.org>"', "expected whom its mail is from"),
    ],
)
def test_a_mistake_is_named_with_what_was_expected(table: str, line: str, said: str) -> None:
    assert any(said in mistake for mistake in mistakes(f"[{table}]\n{line}\n"))


@pytest.mark.parametrize(
    ("table", "line", "said"),
    [
        ("alerts", 'email_to = "ops@example.org"', "alerts.email_to needs alerts.email_from"),
        ("alerts", 'email_to = "ops@example.org"', "alerts.email_to needs alerts.smtp_url"),
        ("alerts", 'slack_channel = "#alerts"', "alerts.slack_channel needs alerts.slack"),
        ("microblog", 'mail_url = "smtps://b.org"', "microblog.mail_url needs microblog.mail_from"),
        ("microblog", 'mail_url = "smtps://b.org"', "microblog.mail_url needs microblog.public_url"),
    ],
)
def test_what_is_of_no_use_alone_is_told_with_what_is_missing(table: str, line: str, said: str) -> None:
    assert said in mistakes(f"[{table}]\n{line}\n")
