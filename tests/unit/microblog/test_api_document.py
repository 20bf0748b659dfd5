"""Whatever is sent to the API, it answers as its document says: schemathesis thinks of what to send."""

import logging
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

from microblog import create_app
from microblog.api import document
from microblog.api.operations import OPERATIONS, PREFIX
from microblog.auth import accounts, api_tokens
from microblog.database import db
from microblog.models import User
from microblog.people import following
from microblog.posts import reactions, timelines, writing
from microblog.settings import Settings
from tests.unit.microblog.conftest import KEY, close

EXAMPLES = 5
THERE = {"username": "bob", "post_id": 1, "tag": "all"}
CONFIG = {
    "seed": 1,
    "generation": {"database": "none"},
    # 422 is also for rules that a schema cannot say: 280 characters as a person counts them.
    "checks": {
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "304", "401", "403", "404", "409", "422", "429"]
        }
    },
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[Flask]:
    """A small community in which nobody is held up for asking often."""
    path = tmp_path_factory.mktemp("api") / "microblog.sqlite3"
    shutil.copy(empty_database, path)
    app = create_app(
        Settings(
            database_url=f"sqlite:///{path}",
            secret_key=KEY,
            api_requests_per_minute=10_000_000,
            writes_per_minute=10_000_000,
        )
    )
    logging.getLogger("microblog.access").disabled = True
    with app.app_context():
        ada, bob, eve = (
            accounts.create(name, f"{name}@example.org", "none") for name in ("ada", "bob", "eve")
        )
        following.follow(ada, bob)
        for author in (ada, bob):
            post = writing.write(author, "hello @ada @bob #all")
            writing.write(eve, "an answer", timelines.one(post.id, eve))
            reactions.like(ada, post.id)
            reactions.repost(eve, post.id)
    stage.site = app
    yield app
    logging.getLogger("microblog.access").disabled = False
    close(app)


class Stage:
    """What schemathesis calls: tests are made before there is a site, which plays here later."""

    site: Flask
    secret: str | None = None

    def __call__(self, environment, start_response):
        return self.site(environment, start_response)


stage = Stage()
schema = schemathesis.openapi.from_dict(document.document(), config=SchemathesisConfig.from_dict(CONFIG))
schema.app = stage
bounded = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))


@schema.parametrize()
@bounded
def test_the_api_answers_strangers_as_its_document_says(case, site):
    lead_to_something(case)
    case.call_and_validate()


@schema.parametrize()
@bounded
def test_the_api_answers_a_token_as_its_document_says(case, site):
    lead_to_something(case)
    if stage.secret is None or "tokens" in case.path:
        stage.secret = new_secret(site)
    case.call_and_validate(headers={"Authorization": f"Bearer {stage.secret}"})


def lead_to_something(case) -> None:
    """What fits the document is about rows that exist, every other time: in each run the same times."""
    drawn = zlib.crc32(repr(case.path_parameters).encode())
    if case.meta.generation.mode is GenerationMode.POSITIVE and drawn % 2:
        case.path_parameters.update({name: THERE[name] for name in case.path_parameters if name in THERE})


def new_secret(site: Flask) -> str:
    with site.app_context():
        ada = db.session.get(User, 1)
        api_tokens.revoke_all(ada.id)
        return api_tokens.issue(ada, "test", ["read", "write"], 1)[1]


def test_the_document_is_openapi_3_1():
    validate(document.document())


def test_every_operation_is_in_the_document_and_on_the_page(site):
    text = site.test_client().get("/developers").text
    paths = document.document()["paths"]
    assert len(OPERATIONS) > 30
    for one in OPERATIONS:
        assert paths[PREFIX + one.path][one.method.lower()]["summary"] == one.summary
        assert f"{one.method} {PREFIX}{one.path}<" in text


def test_every_route_below_the_api_is_an_operation(site):
    routes = {rule.endpoint for rule in site.url_map.iter_rules() if rule.rule.startswith("/api")}
    assert routes == {f"api.{one.name}" for one in OPERATIONS}
