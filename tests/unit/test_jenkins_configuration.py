"""What can be known about the Jenkins configuration without a Jenkins.

The controller does not start with a key it does not know or a symbol whose plugin is missing, so the lists
below hold only what the plugins' sources and examples confirm.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CASC = sorted((ROOT / "jenkins/casc").glob("*.yaml"))
JOBS = (ROOT / "jenkins/jobs.groovy").read_text()
PIPELINE = (ROOT / "jenkins/Jenkinsfile").read_text()
NIGHTLY = (ROOT / "jenkins/nightly.Jenkinsfile").read_text()
DOCKERFILE = (ROOT / "images/jenkins/Dockerfile").read_text()
PLUGINS = dict(
    line.split(":", maxsplit=1)
    for line in (ROOT / "images/jenkins/plugins.txt").read_text().splitlines()
    if line and not line.startswith("#")
)

SECRETS = {
    "agent_host_public_key",
    "agent_private_key",
    "git_private_key",
    "jenkins_admin_password",
    "jenkins_prometheus_password",
    "nvd_api_key",
    "smtp_password",
}
SETTINGS = {
    "JENKINS_ADMIN_ADDRESS",
    "JENKINS_AGENT_FOLDER",
    "JENKINS_DEPLOYMENT",
    "JENKINS_GIT_KNOWN_HOSTS",
    "JENKINS_PUBLIC_URL",
    "JENKINS_SMTP_HOST",
    "JENKINS_SMTP_PORT",
    "JENKINS_SMTP_SSL",
    "JENKINS_SMTP_STARTTLS",
    "JENKINS_SMTP_USER",
    "PIPELINE_BRANCH",
    "PIPELINE_REPOSITORY_URL",
}

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
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.description": (
        "ssh-credentials"
    ),
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey.username": "ssh-credentials",
    "credentials.system.domainCredentials[].credentials[].basicSSHUserPrivateKey"
    ".privateKeySource.directEntry.privateKey": "ssh-credentials",
    "credentials.system.domainCredentials[].credentials[].string.scope": "plain-credentials",
    "credentials.system.domainCredentials[].credentials[].string.id": "plain-credentials",
    "credentials.system.domainCredentials[].credentials[].string.description": "plain-credentials",
    "credentials.system.domainCredentials[].credentials[].string.secret": "plain-credentials",
    "jenkins.globalNodeProperties[].envVars.env[].key": None,
    "jenkins.globalNodeProperties[].envVars.env[].value": None,
    "security.gitHostKeyVerificationConfiguration.sshHostKeyVerificationStrategy"
    ".manuallyProvidedKeyVerificationStrategy.approvedHostKeys": "git-client",
    "unclassified.mailer.smtpHost": "mailer",
    "unclassified.mailer.smtpPort": "mailer",
    "unclassified.mailer.useSsl": "mailer",
    "unclassified.mailer.useTls": "mailer",
    "unclassified.mailer.authentication.username": "mailer",
    "unclassified.mailer.authentication.password": "mailer",
    "unclassified.location.url": None,
    "unclassified.location.adminAddress": None,
    "unclassified.prometheusConfiguration.useAuthenticatedEndpoint": "prometheus",
    "unclassified.prometheusConfiguration.collectingMetricsPeriodInSeconds": "prometheus",
    "jobs[].file": "job-dsl",
}
PERMISSIONS = {"Overall/Administer": "matrix-auth", "Overall/Read": "matrix-auth", "Metrics/View": "metrics"}

# First word of a line of a Jenkinsfile -> the plugin that knows it; what stands where a Groovy tests.
WORDS = {
    **dict.fromkeys(
        [
            "agent",
            "always",
            "anyOf",
            "beforeAgent",
            "beforeInput",
            "branch",
            "catchError",
            "cleanup",
            "env",
            "environment",
            "expression",
            "fixed",
            "input",
            "message",
            "not",
            "ok",
            "options",
            "pipeline",
            "post",
            "regression",
            "skipStagesAfterUnstable",
            "stage",
            "stages",
            "steps",
            "triggers",
            "when",
            "COVERAGE",
            "FRESH",
            "PROCESSES",
            "SCANS",
            "OPTIONS",
        ],
        "pipeline-model-definition",
    ),
    "archiveArtifacts": "workflow-basic-steps",
    "buildDiscarder": "workflow-job",
    "cleanWs": "ws-cleanup",
    "cron": "workflow-job",
    "disableConcurrentBuilds": "workflow-job",
    "durabilityHint": "workflow-job",
    "junit": "junit",
    "mail": "workflow-basic-steps",
    "milestone": "pipeline-milestone-step",
    "sh": "workflow-durable-task-step",
    "timeout": "workflow-basic-steps",
    "timestamps": "timestamper",
    "withCredentials": "credentials-binding",
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


def ssh_credentials() -> dict[str, Any]:
    """Those that open something by SSH, by id."""
    [domain] = CONFIGURATION["agent.yaml"]["credentials"]["system"]["domainCredentials"]
    found = [
        one["basicSSHUserPrivateKey"] for one in domain["credentials"] if "basicSSHUserPrivateKey" in one
    ]
    return {one["id"]: one for one in found}


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
    guarded = [
        item
        for path, item in VALUES
        if path.endswith((".password", ".privateKey", "Strategy.key", ".secret"))
    ]
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
    assert ssh_credentials()[value(f"{ssh}.credentialsId")]["scope"] == "SYSTEM"


def test_the_pipelines_label_is_the_agents() -> None:
    labels = set(re.findall(r"label '([^']+)'", PIPELINE + NIGHTLY))
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


def test_the_jobs_run_the_jenkinsfiles_of_this_repository() -> None:
    scripts = re.findall(r"scriptPath\('([^']+)'\)", JOBS)
    assert scripts == ["jenkins/Jenkinsfile", "jenkins/nightly.Jenkinsfile"]
    assert all((ROOT / script).is_file() for script in scripts)


def test_the_source_of_branches_has_an_id_that_stays() -> None:
    assert re.search(r"git \{\s+//[^\n]+\n\s+id\('microblog'\)", JOBS)


@pytest.mark.parametrize(("name", "version"), sorted(PLUGINS.items()))
def test_a_plugin_is_pinned_to_one_version(name: str, version: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)
    assert re.fullmatch(r"[0-9][0-9A-Za-z._-]*", version)


def test_plugins_are_installed_as_written_and_no_newer() -> None:
    assert "jenkins-plugin-cli --plugin-file /usr/share/jenkins/plugins.txt --latest false" in DOCKERFILE


def test_the_image_is_pinned_to_a_patch_release() -> None:
    assert re.search(r"^ARG JENKINS_IMAGE=jenkins/jenkins:2\.\d+\.\d+-lts-jdk21$", DOCKERFILE, re.MULTILINE)


def pipeline_lines(text: str) -> list[str]:
    return [
        line.strip() for line in text.splitlines() if line.strip(" }") and not line.strip().startswith("//")
    ]


each_pipeline = pytest.mark.parametrize("text", [PIPELINE, NIGHTLY], ids=["Jenkinsfile", "nightly"])


@each_pipeline
def test_every_word_of_a_pipeline_belongs_to_an_installed_plugin(text: str) -> None:
    words = {word for line in pipeline_lines(text) for word in re.findall(r"^\w+", line)}
    assert words - set(WORDS) == set()
    assert {WORDS[word] for word in words} <= set(PLUGINS)


@each_pipeline
def test_every_shell_step_is_in_single_quotes(text: str) -> None:
    steps = [line for line in pipeline_lines(text) if re.match(r"sh\b", line)]
    assert steps
    assert all(re.fullmatch(r"sh 'make [a-z-]+'", step) for step in steps)


@each_pipeline
@pytest.mark.parametrize("option", ["timeout(", "disableConcurrentBuilds(", "buildDiscarder("])
def test_a_pipeline_is_bounded(text: str, option: str) -> None:
    options = text[text.index("options {") : text.index("stages {")]
    assert option in options


def stages(text: str) -> list[list[str]]:
    """The lines of each stage, those of stages within it too, from its own indentation on."""
    found = re.findall(r"^( *)(stage\('[^\n]+\n.+?^)\1}$", text, re.MULTILINE | re.DOTALL)
    nested = [one for _, body in found for one in stages(body.partition("\n")[2])]
    return [[line.removeprefix(indent) for line in body.splitlines()] for indent, body in found] + nested


def its_own(stage: list[str], word: str) -> bool:
    """Whether the stage itself has such a block, and not only one within it."""
    return any(line.startswith(f"    {word} {{") for line in stage)


def test_time_begins_with_the_work_and_not_with_the_wait_for_the_only_executor() -> None:
    with_agent = [stage[0] for stage in stages(PIPELINE) if its_own(stage, "agent")]
    limited = [stage[0] for stage in stages(PIPELINE) if its_own(stage, "options")]
    assert with_agent == ["stage('Verify') {", "stage('Deploy') {"]
    assert set(with_agent) & set(limited) == set()


def test_whatever_works_has_a_limit() -> None:
    limited = [stage for stage in stages(PIPELINE) if its_own(stage, "options")]
    steps = [line.strip() for stage in limited for line in stage if "sh 'make " in line]
    assert sorted(steps) == sorted(line.strip() for line in PIPELINE.splitlines() if "sh 'make " in line)


def test_a_deployment_is_never_cut_off() -> None:
    assert "abortPrevious" not in PIPELINE


def test_the_pipeline_holds_no_agent_while_a_person_thinks() -> None:
    assert pipeline_lines(PIPELINE)[1] == "agent none"
    assert "agent any" not in PIPELINE + NIGHTLY
    approve = PIPELINE[PIPELINE.index("stage('Approve')") : PIPELINE.index("stage('Deploy')")]
    assert "agent {" not in approve


def test_a_missing_test_report_fails_the_build() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "allowEmptyResults: false" in PIPELINE
    [read] = re.findall(r"junit testResults: '([^']+)'", PIPELINE)
    written = re.findall(r"--junitxml=(\S+)", makefile)
    assert written
    assert all(fnmatchcase(name, read) for name in written)


def test_what_the_pipelines_ask_of_the_environment_is_set() -> None:
    given = {item for path, item in VALUES if path.endswith("env[].key")}
    asked = set(re.findall(r"environment name: '(\w+)'", PIPELINE)) | set(
        re.findall(r"env\.(NOTIFY|DEPLOYMENT)", PIPELINE + NIGHTLY)
    )
    set_by_itself = set(re.findall(r"^ *env\.(\w+) = ", PIPELINE, re.MULTILINE))
    assert asked - set_by_itself == given


def test_a_credential_that_a_pipeline_binds_is_there_for_jobs() -> None:
    [bound] = re.findall(r"credentialsId: '(\w+)'", NIGHTLY)
    assert bound == value("credentials.system.domainCredentials[].credentials[].string.id")
    assert value("credentials.system.domainCredentials[].credentials[].string.scope") == "GLOBAL"
    assert "credentialsId" not in PIPELINE


def test_jobs_fetch_by_ssh_with_a_key_that_they_may_use() -> None:
    [found] = {*re.findall(r"credentials(?:Id)?\('(\w+)'\)", JOBS)}
    assert JOBS.count("if (bySsh) {") == 2
    assert ssh_credentials()[found]["scope"] == "GLOBAL"


@pytest.mark.parametrize("pair", ["{}", "()", "[]"])
@pytest.mark.parametrize("text", [PIPELINE, NIGHTLY, JOBS], ids=["Jenkinsfile", "nightly", "jobs.groovy"])
def test_brackets_are_closed(text: str, pair: str) -> None:
    assert text.count(pair[0]) == text.count(pair[1])
