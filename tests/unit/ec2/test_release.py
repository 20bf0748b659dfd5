"""What a host is given: compose files, variables and its own services' secrets, each for its reader."""

import io
import re
import tarfile
from dataclasses import replace

import pytest

from compose.project import Service
from ec2.images import Built, Image
from ec2.inventory import Host
from ec2.release import Release
from ec2.secrets import SecretFile


def service(name: str, uid: int, *roles: str) -> Service:
    return Service(name, f"microblog/{name}:abc", roles, uid, uid, 0, "", (), ())


SERVICES = {
    one.name: one
    for one in (
        service("nginx", 10002, "app"),
        service("microblog", 10001, "app"),
        service("mariadb", 10003, "database"),
        service("prometheus", 10004, "monitoring"),
        service("grafana", 472, "monitoring"),
        service("node_exporter", 10006),
    )
}
APP = Host("app", ("app", "database"), "i-1", "198.18.0.10", "10.20.1.4")
MONITORING = Host("monitoring", ("monitoring",), "i-2", "198.18.0.11", "10.20.1.5")


def release(**left_out: str) -> Release:
    secrets = (
        SecretFile("microblog", "secret_key", "one"),
        SecretFile("mariadb", "microblog_password", "two"),
        SecretFile("grafana", "admin_password", "three"),
    )
    images = (Image("microblog", "microblog/microblog:0123456789ab", "sha256:0123456789abcdef", "amd64", 1),)
    return Release("20261124-abc", "blog", "us-east-1", "", Built("abc", images, left_out, SERVICES), secrets)


def members(host: Host) -> dict[str, tarfile.TarInfo]:
    """The files by their path below the release, or below the folder of secrets."""
    with tarfile.open(fileobj=io.BytesIO(release().archive(host))) as archive:
        return {
            re.sub(r"^srv/stack/(releases/20261124-abc/|(secrets/)[0-9a-f]{16}/)", r"\2", entry.name): entry
            for entry in archive.getmembers()
            if entry.isfile()
        }


def test_a_host_runs_the_services_of_its_roles_and_the_exporter_of_every_host() -> None:
    assert set(release().services_on(APP)) == {"nginx", "microblog", "mariadb", "node_exporter"}
    assert "node_exporter" in release().services_on(MONITORING)


def test_a_service_that_is_left_out_runs_nowhere() -> None:
    assert "grafana" not in release(grafana="no registry").services_on(MONITORING)


def test_a_host_gets_the_secrets_of_its_own_services_and_no_others() -> None:
    assert {name for name in members(APP) if name.startswith("secrets/")} == {
        "secrets/microblog/secret_key",
        "secrets/mariadb/microblog_password",
    }
    assert "secrets/grafana/admin_password" in members(MONITORING)


@pytest.mark.parametrize(
    ("path", "reader"),
    [("secrets/microblog/secret_key", "microblog"), ("secrets/mariadb/microblog_password", "mariadb")],
)
def test_a_secret_belongs_to_its_reader_and_nobody_else_may_read_it(path: str, reader: str) -> None:
    entry = members(APP)[path]
    assert (entry.uid, entry.gid) == (SERVICES[reader].uid, SERVICES[reader].gid)
    assert entry.mode == 0o400


def test_the_variables_hold_no_secret_and_name_the_private_address() -> None:
    variables = release().environment(APP)
    assert "PRIVATE_ADDRESS='10.20.1.4'\n" in variables
    assert "COMPOSE_PROFILES='app,database'\n" in variables
    assert not {"one", "two", "three"} & set(variables.replace("'", " ").split())
    assert members(APP)[".env"].mode == 0o600


def test_the_value_of_a_secret_is_in_no_text_about_it() -> None:
    assert "one" not in repr(SecretFile("microblog", "secret_key", "one"))


def test_data_lies_on_the_volumes_of_the_roles_that_keep_it() -> None:
    assert release().data_folders(APP) == (("/srv/database/mariadb", 10003, 10003),)
    assert {folder for folder, _, _ in release().data_folders(MONITORING)} == {
        "/srv/monitoring/prometheus",
        "/srv/monitoring/grafana",
    }


def test_a_service_runs_the_image_that_is_called_after_its_content() -> None:
    assert "compose.images.yaml" in members(APP)
    assert '"microblog/microblog:0123456789ab"' in release().image_names(APP)
    assert "microblog" not in release().image_names(MONITORING)


def test_the_same_secrets_lie_in_the_same_folder_and_others_in_another() -> None:
    changed = replace(release(), secrets=(SecretFile("microblog", "secret_key", "another"),))
    assert release().secrets_folder(APP) == release().secrets_folder(APP)
    assert changed.secrets_folder(APP) != release().secrets_folder(APP)


def test_only_a_jenkins_host_is_told_of_the_pipeline() -> None:
    told = replace(release(), pipeline={"JENKINS_DEPLOYMENT": "approved"})
    jenkins = Host("jenkins", ("jenkins",), "i-3", "198.18.0.12", "10.20.1.6")
    assert "JENKINS_DEPLOYMENT='approved'\n" in told.environment(jenkins)
    assert "JENKINS_DEPLOYMENT" not in told.environment(APP)


def test_what_the_settings_tell_services_is_among_the_variables() -> None:
    told = replace(release(), told={"ALERTS_WEBHOOK_URL": "https://example.org/alerts"})
    assert "ALERTS_WEBHOOK_URL='https://example.org/alerts'\n" in told.environment(MONITORING)
    assert "HOST_NAME='monitoring'\n" in told.environment(MONITORING)
