"""Which images on the deployer's machine are called after another commit, and since when."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ec2.errors import ImageBuildFailed, ShipFailed
from ec2.images import age_seconds, build_images, choose_tag, forget_old_images, of_other_commit
from ec2.registry import open_registry

ROOT = Path(__file__).parents[3]


def test_what_no_commit_holds_is_deployed_only_where_that_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ImageBuildFailed, match="what was deployed:\nfatal: not a git repository"):
        choose_tag(False, tmp_path)
    assert choose_tag(True, tmp_path) == "unknown"
    commit_all(tmp_path)
    tag = choose_tag(False, tmp_path)
    (tmp_path / "new").touch()
    with pytest.raises(ImageBuildFailed, match="new files that no commit holds"):
        choose_tag(False, tmp_path)
    assert choose_tag(True, tmp_path) == f"{tag}-dirty"


def commit_all(folder: Path) -> None:
    """Make the folder a repository with one commit."""
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    message = ["--quiet", "--allow-empty", "--message", "one"]
    for words in (["init", "--quiet"], ["add", "--all"], [*identity, "commit", *message]):
        subprocess.run(["git", "-C", folder, *words], check=True)


@pytest.mark.parametrize("link", [False, True])
def test_an_environment_of_pythons_is_no_new_file_be_it_a_folder_or_a_link(
    tmp_path: Path, link: bool
) -> None:
    elsewhere, checkout = tmp_path / "elsewhere", tmp_path / "checkout"
    elsewhere.mkdir()
    checkout.mkdir()
    (checkout / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    commit_all(checkout)
    if link:
        (checkout / ".venv").symlink_to(elsewhere)
    else:
        (checkout / ".venv").mkdir()
        (checkout / ".venv/python").touch()
    assert not choose_tag(False, checkout).endswith("-dirty")


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("microblog/nginx:0123456789ab", False),
        ("microblog/nginx:abcdefabcdef", True),
        ("microblog/nginx:abcdefabcdef-dirty", True),
        ("microblog/nginx:local", False),
        ("microblog/registry:latest", False),
        ("microblog/nginx:0123456789abcd", False),
    ],
)
def test_only_names_of_other_commits_are_taken(name: str, other: bool) -> None:
    assert of_other_commit(name, "0123456789ab") is other


def test_without_git_nobody_knows_what_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageBuildFailed, match="there is no git on this machine"):
        choose_tag(uncommitted_too=True)


@contextmanager
def engine_that_ends() -> Iterator[str]:
    """The address of a Docker Engine that says who it is, and hangs up when it is asked for more."""

    class Ending(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.endswith(("/version", "/info")):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b'{"ApiVersion": "1.47", "ServerVersion": "28.0"}')

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Ending) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"tcp://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=["", "ends"])
def _failing_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with engine_that_ends() if request.param else nullcontext("tcp://127.0.0.1:9") as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield


@pytest.mark.usefixtures("_failing_engine")
@pytest.mark.parametrize("installed", [True, False])
def test_an_engine_that_fails_is_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if installed:
        (tmp_path / "docker").write_text("#!/bin/sh\necho v2.36.0\n")
        (tmp_path / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ImageBuildFailed, match=r"Docker Engine|docker command"):
        build_images("0123456789ab", lambda _: None)


@pytest.mark.usefixtures("_failing_engine")
def test_a_registry_is_not_had_from_an_engine_that_fails() -> None:
    with pytest.raises(ShipFailed, match="the registry on this machine failed"), open_registry():
        pass


@pytest.mark.usefixtures("_failing_engine")
def test_old_images_that_cannot_be_forgotten_now_are_no_failure() -> None:
    forget_old_images("0123456789ab")


def test_an_image_is_as_old_as_its_last_name() -> None:
    an_hour_ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    facts = {"Created": "2020-01-01T00:00:00Z", "Metadata": {"LastTagTime": f"{an_hour_ago}.123456789Z"}}
    assert age_seconds(facts) == pytest.approx(3600, abs=10)


def test_one_of_unknown_age_is_new() -> None:
    never = {"Metadata": {"LastTagTime": "0001-01-01T00:00:00Z"}}
    assert age_seconds(never) == pytest.approx(0, abs=10)
    assert age_seconds({}) == pytest.approx(0, abs=10)
