"""The assets of a release lie on a volume, and stay there for a month after it served."""

import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from microblog import assets
from microblog.mail import courier
from tests.conftest import ROOT

DAY = 86400


def age(path: Path, days: float) -> Path:
    path.write_text("x")
    os.utime(path, (time.time() - days * DAY,) * 2)
    return path


@pytest.fixture
def volume(tmp_path, monkeypatch) -> Path:
    """Where nginx serves from; the release brings one asset, style.css."""
    for name, folder in (("BROUGHT", "app/assets"), ("SERVED", "assets")):
        (tmp_path / folder).mkdir(parents=True)
        monkeypatch.setattr(assets, name, tmp_path / folder)
    age(assets.BROUGHT / "style.css", 100)
    return assets.SERVED


def test_while_a_release_serves_its_assets_are_as_new(app, volume):
    mine, others = age(volume / "style.css", 40), age(volume / "former.css", 20)
    with app.app_context():
        courier.tidy()
    assert time.time() - mine.stat().st_mtime < DAY
    assert time.time() - others.stat().st_mtime > 19 * DAY


def test_in_a_bare_run_there_are_none_to_keep(volume):
    volume.rmdir()
    assets.keep()
    assert not volume.exists()


def test_a_start_removes_what_nobody_served_for_a_month_and_nothing_hidden(volume):
    for name, days in (("former.css", 29), ("long_ago.css", 31), (".maintenance", 400)):
        age(volume / name, days)
    root = volume.parent
    program = (ROOT / "images/microblog/entrypoint.sh").read_text()
    program = re.sub(r"(?<![\w!])/(?=(app|assets|run)/|assets )", f"{root}/", program)
    (root / "flask").write_text("#!/bin/sh\n")
    (root / "flask").chmod(0o755)
    environment = {"PATH": f"{root}:{os.environ['PATH']}", "DATABASE_URL": "x", "SECRET_KEY_FILE": "x"}
    subprocess.run(["sh", "-c", program, "entrypoint", "true"], env=environment, check=True)
    assert {path.name for path in volume.iterdir()} == {"style.css", "former.css", ".maintenance"}
