"""The Jenkinsfiles without a Jenkins: parsed by the Groovy that Jenkins has, and executed on a checkout.

tests/pipeline/run.groovy keeps to what declarative pipelines do; each `sh` is run for real. What a plugin
thinks of a step's parameters is not known here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.errors import ImageNotFound

from tests.conftest import LEFT_OUT, ROOT
from tests.osv import advisory, osv

HARNESS = ROOT / "tests/pipeline"
JENKINSFILES = (ROOT / "jenkins/Jenkinsfile", ROOT / "jenkins/nightly.Jenkinsfile")
TIMEOUT_SECONDS = 1800
MAIL = "people@example.org"

# Where each word of a declarative pipeline may stand.
# https://www.jenkins.io/doc/book/pipeline/syntax/
STEPS = {"archiveArtifacts", "catchError", "cleanWs", "junit", "mail", "milestone", "sh", "withCredentials"}
STAGE = {"agent", "environment", "input", "options", "post", "stages", "steps", "when"}
PLACES = {
    "pipeline": {"agent", "environment", "options", "post", "stages", "triggers"},
    "stages": {"stage"},
    "stage": STAGE,
    "agent": {"label"},
    "options": {
        "buildDiscarder", "disableConcurrentBuilds", "durabilityHint", "skipStagesAfterUnstable", "timeout",
        "timestamps",
    },
    "triggers": {"cron"},
    "when": {"anyOf", "beforeAgent", "beforeInput", "branch", "environment", "expression", "not"},
    "anyOf": {"environment"},
    "not": {"environment"},
    "input": {"message", "ok"},
    "post": {"always", "cleanup", "fixed", "regression"},
    "steps": STEPS,
    **dict.fromkeys(["always", "catchError", "cleanup", "fixed", "regression", "withCredentials"], STEPS),
}  # fmt: skip

# The same of Job DSL. https://jenkinsci.github.io/job-dsl-plugin/
JOB_PLACES = {
    "jobs": {"multibranchPipelineJob", "pipelineJob"},
    "multibranchPipelineJob": {
        "branchSources", "description", "factory", "orphanedItemStrategy", "triggers",
    },
    "branchSources": {"git"},
    "git": {"branch", "credentialsId", "id", "remote"},
    "factory": {"workflowBranchProjectFactory"},
    "workflowBranchProjectFactory": {"scriptPath"},
    "triggers": {"cron", "periodicFolderTrigger"},
    "periodicFolderTrigger": {"interval"},
    "orphanedItemStrategy": {"discardOldItems"},
    "discardOldItems": {"numToKeep"},
    "pipelineJob": {"definition", "description", "properties"},
    "properties": {"pipelineTriggers"},
    "pipelineTriggers": {"triggers"},
    "cron": {"spec"},
    "definition": {"cpsScm"},
    "cpsScm": {"lightweight", "scm", "scriptPath"},
    "scm": {"git"},
    "remote": {"credentials", "url"},
}  # fmt: skip

CODE = ["build", "check", "test-images", "sbom", "scan", "scan-complete", "push"]
VERIFY = ["check-documentation", "documentation-only", *CODE]
# Of what was scanned for documents alone.
DOCUMENTS = ["scan-complete"]

Node = dict[str, Any]
Event = dict[str, Any]


def groovy(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the harness; Debian's wrapper wants to be told where Java is."""
    java = shutil.which("java")
    assert java, "groovy brings a java"
    return subprocess.run(
        ["groovy", *map(str, words)],
        env={**os.environ, "JAVA_HOME": str(Path(java).resolve().parents[1]), **environment},
        capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
    )  # fmt: skip


def tree(file: Path) -> Node:
    done = groovy(HARNESS / "tree.groovy", file)
    assert done.returncode == 0, done.stderr
    [pipeline] = json.loads(done.stdout)
    return dict(pipeline)


def misplaced(node: Node) -> Iterator[str]:
    """Every word that may not stand where it does."""
    for inner in node["body"]:
        if node["name"] == "environment":
            allowed = re.fullmatch(r"[A-Z_]+", inner["name"] or "")
        elif node["name"] == "expression":
            continue
        else:
            allowed = inner["name"] in PLACES.get(node["name"], ())
        if not allowed:
            yield f"line {inner['line']}: {inner['name']} in {node['name']}"
        yield from misplaced(inner)


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for inner in node["body"]:
        yield from nodes(inner)


@pytest.fixture(scope="module", params=JENKINSFILES, ids=lambda file: file.name)
def parsed(request: pytest.FixtureRequest) -> Node:
    return tree(request.param)


def test_every_word_stands_where_declarative_pipelines_have_it(parsed: Node) -> None:
    assert parsed["name"] == "pipeline"
    assert list(misplaced(parsed)) == []


@pytest.mark.parametrize(
    ("good", "bad", "told"),
    [
        ("    options {", "    optoins {", "optoins in pipeline"),
        ("timestamps()", "timestmaps()", "timestmaps in options"),
        ("            agent { label 'docker' }", "            sh 'make check'", "sh in stage"),
        ("cleanWs()", "cleanWorkspace()", "cleanWorkspace in cleanup"),
    ],
)
def test_a_slip_is_seen(tmp_path: Path, good: str, bad: str, told: str) -> None:
    text = JENKINSFILES[0].read_text()
    assert good in text
    (tmp_path / "Jenkinsfile").write_text(text.replace(good, bad, 1))
    slips = list(misplaced(tree(tmp_path / "Jenkinsfile")))
    assert slips
    assert slips[0].endswith(told)


def test_what_only_newer_groovy_reads_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Jenkinsfile").write_text("def chosen = { -> 1 }\nchosen ?= 2\n")
    assert groovy(HARNESS / "tree.groovy", tmp_path / "Jenkinsfile").returncode != 0


def test_a_shell_step_is_one_verb_of_the_makefile(parsed: Node) -> None:
    makefile = (ROOT / "Makefile").read_text()
    steps = [node for node in nodes(parsed) if node["name"] == "sh"]
    assert steps
    for step in steps:
        assert step["quoted"], "Groovy would expand what the shell should"
        verb = re.fullmatch(r"make ([a-z-]+)", step["words"][0])
        assert verb, step["words"]
        assert re.search(rf"^{verb[1]}:.*##", makefile, re.MULTILINE)


def test_make_ci_is_the_pipeline_but_for_deployment() -> None:
    steps = [node["words"][0] for node in nodes(tree(JENKINSFILES[0])) if node["name"] == "sh"]
    recipe = (ROOT / "Makefile").read_text().partition("\nci:")[2].partition("\n\n")[0]
    verbs = re.findall(r"(?:MAKE\) --no-print-directory (?:\\\n\t+)?)([a-z -]+)", recipe)
    assert " ".join(verbs).split() == [*VERIFY, *DOCUMENTS]
    assert [step.removeprefix("make ") for step in steps] == [
        verb for verb in [*VERIFY, *DOCUMENTS, "deploy", "smoke"] if verb != "documentation-only"
    ]


def test_stages_follow_each_other_though_make_may_do_more_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(
        f"include {ROOT}/Makefile\nbefore:\n\t@sleep 0.5; echo before\nafter:\n\t@echo after\n"
    )
    words = ["make", "--jobs=2", "--file", tmp_path / "Makefile", "before", "after"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["before", "after"]


def jobs(url: str) -> Node:
    """What the file of jobs asks for where the repository is at the address."""
    settings = {
        "PIPELINE_REPOSITORY_URL": url, "PIPELINE_BRANCH": "main", "JENKINS_DEPLOYMENT": "none",
    }  # fmt: skip
    done = groovy(HARNESS / "jobs.groovy", ROOT / "jenkins/jobs.groovy", **settings)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        ("https://git.example.org/microblog.git", []),
        ("ssh://git@git.example.org/microblog.git", [["credentialsId", "git"], ["credentials", "git"]]),
        ("git@git.example.org:microblog.git", [["credentialsId", "git"], ["credentials", "git"]]),
    ],
)
def test_both_jobs_fetch_the_repository_as_its_address_wants(url: str, credentials: list[list[str]]) -> None:
    asked = jobs(url)
    calls = [[node["name"], *node["words"]] for node in nodes(asked)]
    assert [f"{call} in {node['name']}" for node in nodes(asked) for call in unknown_words(node)] == []
    assert ["multibranchPipelineJob", "microblog"] in calls
    assert ["pipelineJob", "nightly"] in calls
    assert [call for call in calls if call[1:] == [url]] == [["remote", url], ["url", url]]
    assert [call for call in calls if call[0].startswith("credentials")] == credentials


def test_the_nightly_job_starts_when_its_file_says_without_having_run_before() -> None:
    asked = [
        node["words"]
        for node in nodes(jobs("https://git.example.org/microblog.git"))
        if node["name"] == "spec"
    ]
    said = [node["words"] for node in nodes(tree(JENKINSFILES[1])) if node["name"] == "cron"]
    assert asked == said != []


def unknown_words(node: Node) -> set[str]:
    return {inner["name"] for inner in node["body"]} - JOB_PLACES.get(node["name"], set())


def test_without_an_address_there_are_no_jobs_and_it_is_said_why() -> None:
    settings = {"PIPELINE_REPOSITORY_URL": "", "JENKINS_DEPLOYMENT": "none"}
    done = groovy(HARNESS / "jobs.groovy", ROOT / "jenkins/jobs.groovy", **settings)
    assert done.returncode != 0
    assert "the setting PIPELINE_REPOSITORY_URL is missing or empty" in done.stderr


def test_a_deployment_that_nobody_knows_keeps_jenkins_from_starting() -> None:
    done = groovy(HARNESS / "jobs.groovy", ROOT / "jenkins/jobs.groovy", JENKINS_DEPLOYMENT="manual")
    assert done.returncode != 0
    assert "JENKINS_DEPLOYMENT is manual: none, approved or automatic" in done.stderr


@dataclass(frozen=True)
class Ran:
    """A build: what happened in it, in order."""

    events: list[Event]

    @property
    def result(self) -> str:
        return str(self.events[-1]["result"])

    @property
    def commands(self) -> list[str]:
        return [event["script"].removeprefix("make ") for event in self.events if event["event"] == "sh"]

    def stages(self) -> list[str]:
        return [event["stage"] for event in self.events if event["event"] == "stage"]

    def skipped(self) -> dict[str, str]:
        return {event["stage"]: event["why"] for event in self.events if event["event"] == "skipped"}

    def posts(self) -> list[str]:
        return [
            f"{event['stage']}: {event['condition']}" for event in self.events if event["event"] == "post"
        ]

    def steps(self, name: str) -> list[Event]:
        return [event for event in self.events if event.get("step") == name]

    def command(self, verb: str) -> Event:
        return next(event for event in self.events if event.get("script") == f"make {verb}")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """This repository as a job checks it out, with the environments that earlier builds left."""
    folder = tmp_path / "checkout"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    changed = subprocess.run(
        ["git", "-C", ROOT, "diff", "--binary", "HEAD"], capture_output=True, check=True
    ).stdout
    if changed:
        subprocess.run(["git", "-C", folder, "apply"], input=changed, check=True)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def commit(checkout: Path, message: str = "A change") -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"]
    subprocess.run(["git", "-C", checkout, "add", "--all"], check=True)
    subprocess.run(["git", "-C", checkout, *identity, "commit", "--quiet", "--message", message], check=True)


def without_verb(checkout: Path, verb: str) -> None:
    """Have a stage fail: its verb is there no longer."""
    makefile = checkout / "Makefile"
    text, count = re.subn(rf"(^| ){verb}(?=:| |$)", rf"\1no-{verb}", makefile.read_text(), flags=re.MULTILINE)
    assert count >= 2, "its rule, and that it is no file"
    makefile.write_text(text)


@pytest.fixture
def build(checkout: Path, tmp_path: Path) -> Callable[..., Ran]:
    def run(
        branch: str = "main",
        deployment: str = "automatic",
        file: str = "Jenkinsfile",
        dry: bool = True,
        **more: Any,
    ) -> Ran:
        environment = {
            "DEPLOYMENT": deployment, "NOTIFY": MAIL, "JOB_NAME": "microblog", "BUILD_URL": "http://j/1/",
            # What a verb does is told and not done, but for what decides about stages.
            **({"MAKEFLAGS": "--dry-run"} if dry else {}), **more.pop("environment", {}),
        }  # fmt: skip
        wanted = tmp_path / "wanted.json"
        wanted.write_text(json.dumps({"branch": branch, "environment": environment, **more}))
        if dry:
            reports = checkout / "reports/junit"
            reports.mkdir(parents=True, exist_ok=True)
            (reports / "unit.xml").write_text("<testsuites/>")
        done = groovy(HARNESS / "run.groovy", ROOT / "jenkins" / file, checkout, wanted)
        assert done.returncode == 0, done.stderr[-3000:]
        return Ran([json.loads(line) for line in done.stdout.splitlines()])

    return run


def test_main_is_verified_and_deployed_in_order(build: Callable[..., Ran]) -> None:
    ran = build("main")
    assert ran.result == "SUCCESS"
    assert ran.commands == [*VERIFY, "deploy", "smoke"]
    assert ran.skipped() == {"Documents alone": "when", "Approve": "when"}
    assert ran.posts() == [
        "Code: always", "Verify: always", "Verify: cleanup", "Deploy: always", "Deploy: cleanup",
    ]  # fmt: skip
    assert ran.steps("junit")[0]["files"] == ["reports/junit/unit.xml"]
    assert len(ran.steps("cleanWs")) == 2
    assert ran.steps("mail") == []


def test_a_branch_is_verified_and_never_deployed(build: Callable[..., Ran]) -> None:
    ran = build("feature")
    assert (ran.result, ran.commands) == ("SUCCESS", VERIFY)
    assert ran.skipped() == {"Documents alone": "when", "Approve": "when", "Deploy": "when"}


@pytest.mark.parametrize("deployment", ["none", "manual", ""])
def test_where_nobody_said_deploy_main_ends_with_its_images(
    build: Callable[..., Ran], deployment: str
) -> None:
    ran = build("main", deployment=deployment)
    assert ran.commands == VERIFY
    assert ran.skipped() == {"Documents alone": "when", "Approve": "when", "Deploy": "when"}


def test_approval_is_waited_for_without_an_agent(build: Callable[..., Ran]) -> None:
    ran = build("main", deployment="approved", answer=True)
    [asked] = [event for event in ran.events if event["event"] == "input"]
    assert (asked["stage"], asked["agent"]) == ("Approve", None)
    assert ran.commands[-2:] == ["deploy", "smoke"]
    assert [step["given"] for step in ran.steps("milestone")] == [{"ordinal": 1}, {"ordinal": 2}]


def test_what_nobody_approves_is_not_deployed(build: Callable[..., Ran]) -> None:
    ran = build("main", deployment="approved", answer=False)
    assert ran.result == "ABORTED"
    assert ran.commands == VERIFY
    assert ran.skipped() == {"Documents alone": "when", "Deploy": "earlier failure"}


@pytest.mark.parametrize("verb", ["check", "test-images", "scan", "push"])
def test_after_a_stage_that_fails_nothing_runs_but_reports_and_cleaning(
    build: Callable[..., Ran], checkout: Path, verb: str
) -> None:
    without_verb(checkout, verb)
    ran = build("main")
    assert ran.result == "FAILURE"
    assert ran.commands == VERIFY[: VERIFY.index(verb) + 1]
    assert "No rule to make target" in ran.command(verb)["output"]
    assert {"Approve": "earlier failure", "Deploy": "earlier failure"}.items() <= ran.skipped().items()
    assert ran.posts() == ["Code: always", "Verify: always", "Verify: cleanup", "pipeline: regression"]
    [mail] = ran.steps("mail")
    assert mail["given"]["to"] == MAIL


def test_what_could_not_be_scanned_is_unstable_and_stays_where_it_is(
    build: Callable[..., Ran], checkout: Path
) -> None:
    without_verb(checkout, "scan-complete")
    ran = build("main")
    assert ran.result == "UNSTABLE"
    assert ran.commands == VERIFY[:-1]
    later = ("Push", "Documents alone", "Approve", "Deploy")
    assert ran.skipped() == dict.fromkeys(later, "unstable")
    assert ran.posts()[-1] == "pipeline: regression"


def test_a_deployment_that_fails_is_not_smoke_tested(build: Callable[..., Ran], checkout: Path) -> None:
    without_verb(checkout, "deploy")
    ran = build("main")
    assert (ran.result, ran.commands[-1]) == ("FAILURE", "deploy")
    assert ran.skipped()["Smoke test"] == "earlier failure"
    assert ran.posts()[-3:] == ["Deploy: always", "Deploy: cleanup", "pipeline: regression"]


def test_a_deployment_is_made_again_where_a_build_is_restarted_behind_its_verification(
    build: Callable[..., Ran], tmp_path: Path
) -> None:
    whole = JENKINSFILES[0].read_text()
    before, rest = whole.split("        stage('Verify') {")
    restarted = tmp_path / "restarted.Jenkinsfile"
    restarted.write_text(before + "        stage('Approve') {" + rest.split("        stage('Approve') {")[1])
    ran = build("main", file=str(restarted), previous="FAILURE")
    assert (ran.result, ran.commands) == ("SUCCESS", ["deploy", "smoke"])


@pytest.mark.parametrize("report", [None, "", "{}"])
def test_without_a_deployment_a_smoke_test_says_so(tmp_path: Path, report: str | None) -> None:
    file = tmp_path / "deployment.json"
    if report is not None:
        file.write_text(report)
    words = [sys.executable, "tests/smoke.py", str(file)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{file} tells of no deployment that went well\ntry: make deploy\n"


@pytest.mark.parametrize(("verb", "report"), [("deploy", "deployment.json"), ("push", "images.json")])
def test_a_report_is_replaced_by_one_that_is_whole(tmp_path: Path, verb: str, report: str) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.txt", ".venv/run", "compose/beside_engine.sh", f"reports/{report}"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("echo half; exit $STATUS" if name.endswith(".sh") else "whole")
    for status, left in (("1", "whole"), ("0", "half\n")):
        words = ["make", verb, f"STATUS={status}"]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False)
        assert (done.returncode == 0) is (status == "0")
        assert (tmp_path / "reports" / report).read_text() == left


def test_a_test_report_that_is_missing_fails_the_build(build: Callable[..., Ran], checkout: Path) -> None:
    (checkout / "Makefile").write_text(
        (checkout / "Makefile")
        .read_text()
        .replace("\ncheck:", "\ncheck:\n\t+@rm reports/junit/unit.xml\nno-check:")
    )
    ran = build("main")
    assert ran.result == "FAILURE"
    assert ran.steps("junit")[0]["files"] == []


def test_people_hear_when_it_is_mended_and_not_each_time(build: Callable[..., Ran]) -> None:
    assert build("main", previous="FAILURE").posts()[-1] == "pipeline: fixed"
    assert build("main", previous="SUCCESS").steps("mail") == []


def test_where_only_documents_changed_nothing_is_built_or_deployed(
    build: Callable[..., Ran], checkout: Path
) -> None:
    before = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    since = {"environment": {"GIT_PREVIOUS_SUCCESSFUL_COMMIT": before}}
    subprocess.run(["git", "-C", checkout, "checkout", "--quiet", "--", "."], check=True)
    (checkout / "README.md").write_text("# Other words\n")
    commit(checkout)
    for deployment in ("automatic", "approved"):
        ran = build("main", deployment=deployment, answer=True, **since)
        assert (ran.result, ran.commands) == (
            "SUCCESS",
            ["check-documentation", "documentation-only", *DOCUMENTS],
        )
        assert "scans complete repository_secrets" in ran.command("scan-complete")["output"]
        assert ran.skipped() == {"Code": "when", "Approve": "when", "Deploy": "when"}
    without_verb(checkout, "scan-complete")
    assert build("main", **since).result == "UNSTABLE", "a scan that was not made is not clean"
    subprocess.run(["git", "-C", checkout, "checkout", "--quiet", "--", "Makefile"], check=True)
    (checkout / "Makefile").write_text((checkout / "Makefile").read_text() + "\n")
    commit(checkout)
    assert build("main", **since).commands == [*VERIFY, "deploy", "smoke"]


def test_code_that_became_a_document_is_a_change_of_code(checkout: Path) -> None:
    before = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    subprocess.run(["git", "-C", checkout, "checkout", "--quiet", "--", "."], check=True)
    subprocess.run(["git", "-C", checkout, "mv", "scans/sbom.py", "docs/sbom.py"], check=True)
    commit(checkout)
    done = subprocess.run(
        ["sh", ROOT / "jenkins/documentation_only.sh"], cwd=checkout, capture_output=True, text=True,
        env={**os.environ, "GIT_PREVIOUS_SUCCESSFUL_COMMIT": before}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "documentation-only: 1 files that are no documents\n")


def test_at_night_advisories_are_fetched_with_a_key_that_no_other_step_sees(
    build: Callable[..., Ran],
) -> None:
    ran = build(file="nightly.Jenkinsfile", credentials={"nvd_api_key": "0-0-0"})
    assert (ran.result, ran.commands) == ("SUCCESS", ["advisories", "build", "scan", "scan-complete"])


def test_a_night_without_a_key_is_unstable_and_scans_all_the_same(
    build: Callable[..., Ran], checkout: Path
) -> None:
    without_verb(checkout, "advisories")
    ran = build(file="nightly.Jenkinsfile", credentials={"nvd_api_key": "none"})
    assert (ran.result, ran.commands) == ("UNSTABLE", ["advisories", "build", "scan", "scan-complete"])


def test_every_stage_runs_for_real_until_a_scan_finds_something(
    build: Callable[..., Ran], checkout: Path, run_id: str, engine: docker.DockerClient
) -> None:
    """Narrowed to one role and a few tests, as this is among those that the stages run."""
    tag = f"{run_id}-pipeline"
    try:
        with osv({"flask": advisory("flask", mended="99")}) as source:
            ran = build(
                "feature",
                dry=False,
                environment={
                    **LEFT_OUT,
                    "TAG": tag,
                    "ROLES": "database",
                    "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache"),
                    "OSV_URL": source,
                    "COVERED": "0",
                    "PARTS": "tests/functional/test_pipeline.py",
                    "PYTEST_ADDOPTS": "-k 'documentation or newer_groovy'",
                },
            )
        said = "\n".join(event["output"] for event in ran.events if event["event"] == "sh")
        assert ran.commands == VERIFY[: VERIFY.index("scan") + 1], said
        assert ran.result == "FAILURE"
        assert "found lock_files: images/microblog/requirements.txt: flask" in ran.command("scan")["output"]
        assert ran.steps("junit")[0]["files"] == ["reports/junit/functional.xml", "reports/junit/unit.xml"]
        archived = ran.steps("archiveArtifacts")[0]["files"]
        assert {
            "reports/sbom/mariadb.cdx.json",
            "reports/coverage.xml",
            "reports/scans/lock_files.json",
        } <= set(archived)
        assert "reports/images.json" not in archived
        assert ran.skipped()["Push"] == "earlier failure"
    finally:
        for name in ("mariadb", "mysqld_exporter", "node_exporter"):
            with suppress(ImageNotFound):
                engine.images.remove(f"microblog/{name}:{tag}", force=True)
