"""What can be known about the Jenkins configuration without a Jenkins.

The controller does not start with a key it does not know or a symbol whose plugin is missing, so the lists
below hold only what the plugins' sources and examples confirm.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CASC = sorted((ROOT / "jenkins/casc").glob("*.yaml"))
JOBS = (ROOT / "jenkins/jobs.groovy").read_text()
PIPELINE = (ROOT / "jenkins/Jenkinsfile").read_text()
DOCKERFILE = (ROOT / "images/jenkins/Dockerfile").read_text()
PLUGINS = dict(
    line.split(":", maxsplit=1)
    for line in (ROOT / "images/jenkins/plugins.txt").read_text().splitlines()
    if line and not line.startswith("#")
)

SECRETS = {
    "agent_host_public_key",
    "agent_private_key",
    "jenkins_admin_password",
    "jenkins_prometheus_password",
}
SETTINGS = {"JENKINS_ADMIN_ADDRESS", "JENKINS_PUBLIC_URL", "PIPELINE_BRANCH", "PIPELINE_REPOSITORY_URL"}

# Key with a value -> the plugin that knows it; None is Jenkins itself.
KEYS = {
    "jenkins.systemMessage": None,
    "jenkins.numExecutors": None,
    "jenkins.mode": None,
    "jenkins.slaveAgentPort": None,
    "jenkins.securityRealm.local.allowsSignup": None,
    "jenkins.securityRealm.local.users[].id": None,
    "jenkins.securityRealm.local.users[].password": None,
    "jenkins.authorizationStrategy.globalMatrix.entries[].user.name": "matrix-auth",
    "jenkins.authorizationStrategy.globalMatrix.entries[].user.permissions[]": "matrix-auth",
    "jenkins.crumbIssuer.standard.excludeClientIPFromCrumb": None,
    "jenkins.nodes[].permanent.name": None,
    "jenkins.nodes[].permanent.labelString": None,
    "jenkins.nodes[].permanent.mode": None,
    "jenkins.nodes[].permanent.numExecutors": None,
    "jenkins.nodes[].permanent.remoteFS": None,
    "jenkins.nodes[].permanent.launcher.ssh.host": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.port": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.credentialsId": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.launchTimeoutSeconds": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.maxNumRetries": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.retryWaitTime": "ssh-slaves",
    "jenkins.nodes[].permanent.launcher.ssh.sshHostKeyVerificationStrategy"
    ".manuallyProvidedKeyVerificationStrategy.key": "ssh-slaves",
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.scope": "ssh-credentials",
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.id": "ssh-credentials",
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.username": "ssh-credentials",
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey"
    ".privateKeySource.directEntry.privateKey": "ssh-credentials",
    "unclassified.location.url": None,
    "unclassified.location.adminAddress": None,
    "unclassified.prometheusConfiguration.useAuthenticatedEndpoint": "prometheus",
    "unclassified.prometheusConfiguration.collectingMetricsPeriodInSeconds": "prometheus",
    "jobs[].file": "job-dsl",
}
PERMISSIONS = {"Overall/Administer": "matrix-auth", "Overall/Read": "matrix-auth", "Metrics/View": "metrics"}

# First word of a line of the Jenkinsfile -> the plugin that knows it.
WORDS = {
    **dict.fromkeys(
        [
            "agent",
            "always",
            "cleanup",
            "environment",
            "options",
            "pipeline",
            "post",
            "stage",
            "stages",
            "steps",
        ],
        "pipeline-model-definition",
    ),
    "PYTEST_ADDOPTS": "pipeline-model-definition",
    "triggers": "pipeline-model-definition",
    "buildDiscarder": "workflow-job",
    "cleanWs": "ws-cleanup",
    "disableConcurrentBuilds": "workflow-job",
    "durabilityHint": "workflow-job",
    "junit": "junit",
    "pollSCM": "workflow-job",
    "sh": "workflow-durable-task-step",
    "timeout": "workflow-basic-steps",
    "timestamps": "timestamper",
}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with the path of keys that leads to it: `jenkins.nodes[].permanent.name`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        yield path, value


CONFIGURATION = {path.name: yaml.safe_load(path.read_text()) for path in CASC}
VALUES = [leaf for document in CONFIGURATION.values() for leaf in leaves(document)]


def value(path: str) -> Any:
    (found,) = (item for name, item in VALUES if name == path)
    return found


def test_every_key_is_one_that_jenkins_knows() -> None:
    assert {path for path, _ in VALUES} - set(KEYS) == set()


def test_every_allowed_key_is_in_use() -> None:
    assert set(KEYS) - {path for path, _ in VALUES} == set()


def test_no_two_files_set_the_same_key() -> None:
    seen = [path for document in CONFIGURATION.values() for path in {path for path, _ in leaves(document)}]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("plugin", sorted({plugin for plugin in KEYS.values() if plugin}))
def test_the_plugin_behind_a_key_is_installed(plugin: str) -> None:
    assert plugin in PLUGINS


@pytest.mark.parametrize("plugin", ["configuration-as-code", "git", "workflow-aggregator"])
def test_a_plugin_that_no_key_names_is_installed(plugin: str) -> None:
    assert plugin in PLUGINS


def test_every_variable_is_a_secret_or_a_setting_and_each_of_them_is_used() -> None:
    text = "\n".join(str(item) for _, item in VALUES)
    in_casc = set(re.findall(r"\$\{(\w+)\}", text)) | set(
        re.findall(r"\$\{readFile:/run/secrets/(\w+)\}", text)
    )
    in_jobs = set(re.findall(r"(?<!\w)setting\('(\w+)'\)", JOBS))
    assert text.count("${") == len(re.findall(r"\$\{(?:readFile:/run/secrets/)?\w+\}", text))
    assert in_casc | in_jobs == SECRETS | SETTINGS


def test_no_password_or_key_is_written_down() -> None:
    guarded = [item for path, item in VALUES if path.endswith((".password", ".privateKey", ".key"))]
    assert guarded
    assert all(re.fullmatch(r"\$\{[^}]+\}", item) for item in guarded)


def test_the_controller_builds_nothing_and_listens_for_no_agent() -> None:
    assert value("jenkins.numExecutors") == 0
    assert value("jenkins.slaveAgentPort") == -1
    assert "JENKINS_SLAVE_AGENT_PORT=-1" in DOCKERFILE


def test_nobody_signs_up_and_only_the_two_users_may_do_anything() -> None:
    entries = CONFIGURATION["controller.yaml"]["jenkins"]["authorizationStrategy"]["globalMatrix"]["entries"]
    granted = {entry["user"]["name"]: set(entry["user"]["permissions"]) for entry in entries}
    assert value("jenkins.securityRealm.local.allowsSignup") is False
    assert granted == {"admin": {"Overall/Administer"}, "prometheus": {"Overall/Read", "Metrics/View"}}
    assert {PERMISSIONS[name] for names in granted.values() for name in names} <= set(PLUGINS)


def test_the_metrics_need_a_user() -> None:
    assert value("unclassified.prometheusConfiguration.useAuthenticatedEndpoint") is True


def test_the_agent_is_where_its_image_listens() -> None:
    ssh = "jenkins.nodes[].permanent.launcher.ssh"
    sshd = (ROOT / "images/jenkins_agent/sshd_config").read_text()
    assert value(f"{ssh}.host") == "jenkins_agent"
    assert f"Port {value(f'{ssh}.port')}\n" in sshd
    assert value(f"{ssh}.credentialsId") == value(
        "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.id"
    )


def test_the_pipelines_label_is_the_agents() -> None:
    labels = set(re.findall(r"label '([^']+)'", PIPELINE))
    assert labels == {value("jenkins.nodes[].permanent.labelString")}


def test_the_jobs_file_is_where_the_image_puts_it() -> None:
    assert f"jobs.groovy {value('jobs[].file')}\n" in DOCKERFILE


def test_the_configuration_is_outside_jenkins_home() -> None:
    assert "CASC_JENKINS_CONFIG=/usr/share/jenkins/casc" in DOCKERFILE
    assert "CASC_STRICT_SECRET_RESOLUTION=true" in DOCKERFILE
    assert "/var/jenkins_home" not in DOCKERFILE
    assert "/usr/share/jenkins/ref" not in DOCKERFILE


def test_jobs_have_no_expression_in_braces() -> None:
    assert "${" not in JOBS


def test_the_job_runs_the_jenkinsfile_of_this_repository() -> None:
    (script,) = re.findall(r"scriptPath\('([^']+)'\)", JOBS)
    assert (ROOT / script).is_file()


@pytest.mark.parametrize(("name", "version"), sorted(PLUGINS.items()))
def test_a_plugin_is_pinned_to_one_version(name: str, version: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)
    assert re.fullmatch(r"[0-9][0-9A-Za-z._-]*", version)


def test_plugins_are_installed_as_written_and_no_newer() -> None:
    assert "jenkins-plugin-cli --plugin-file /usr/share/jenkins/plugins.txt --latest false" in DOCKERFILE


def test_the_image_is_pinned_to_a_patch_release() -> None:
    assert re.search(r"^ARG JENKINS_IMAGE=jenkins/jenkins:2\.\d+\.\d+-lts-jdk21$", DOCKERFILE, re.MULTILINE)


def pipeline_lines() -> list[str]:
    return [line.strip() for line in PIPELINE.splitlines() if line.strip(" }") and not line.startswith("//")]


def test_every_word_of_the_pipeline_belongs_to_an_installed_plugin() -> None:
    words = {word for line in pipeline_lines() for word in re.findall(r"^\w+", line)}
    assert words - set(WORDS) == set()
    assert {WORDS[word] for word in words} <= set(PLUGINS)


def test_every_shell_step_is_in_single_quotes() -> None:
    steps = [line for line in pipeline_lines() if re.match(r"sh\b", line)]
    assert steps
    assert all(re.fullmatch(r"sh '[^'\"$]+'", step) for step in steps)


def test_the_pipeline_holds_no_agent_of_its_own() -> None:
    assert pipeline_lines()[1] == "agent none"
    assert "agent any" not in PIPELINE
    assert PIPELINE.count("agent {") == PIPELINE.count("stage(")


@pytest.mark.parametrize("option", ["timeout(", "disableConcurrentBuilds(", "buildDiscarder("])
def test_the_pipeline_is_bounded(option: str) -> None:
    options = PIPELINE[PIPELINE.index("options {") : PIPELINE.index("stages {")]
    assert option in options


def test_a_missing_test_report_fails_the_build() -> None:
    assert "allowEmptyResults: false" in PIPELINE
    (written,) = re.findall(r"--junitxml=([\w/.]+)", PIPELINE)
    assert f"junit testResults: '{written}'" in PIPELINE


@pytest.mark.parametrize("pair", ["{}", "()", "[]"])
@pytest.mark.parametrize("text", [PIPELINE, JOBS], ids=["Jenkinsfile", "jobs.groovy"])
def test_brackets_are_closed(text: str, pair: str) -> None:
    assert text.count(pair[0]) == text.count(pair[1])
