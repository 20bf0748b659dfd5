"""What is said of hosts that cannot take or run what is for them."""

from dataclasses import replace

import pytest

from compose.project import Service
from ec2.errors import NotFit
from ec2.facts import Facts
from ec2.images import Image
from ec2.layers import Layer
from ec2.preflight import Load, check_fit

GIB = 2**30
FIT = Facts("amd64", 0, 2 * GIB, 10 * GIB)
IMAGE = Image("microblog", "microblog/microblog:1", "sha256:1", "amd64", GIB, (Layer("sha256:a", GIB),))


def service(name: str, memory: int) -> Service:
    return Service(name, name, (), 0, 0, memory, "", (), ())


LOAD = Load([IMAGE], [service("microblog", GIB // 2), service("nginx", GIB // 4)])


def refused(facts: Facts, load: Load = LOAD) -> NotFit:
    with pytest.raises(NotFit) as caught:
        check_fit({"app": load}, {"app": facts})
    return caught.value


def test_a_host_that_fits_is_not_mentioned() -> None:
    check_fit({"app": LOAD}, {"app": FIT})


def test_images_for_another_architecture() -> None:
    error = refused(replace(FIT, architecture="arm64"))
    assert error.message == "app: the images are for amd64, the host is arm64"
    assert error.hint == "choose an instance_type for amd64, or deploy from a machine that is arm64"


def test_too_little_memory_for_two_microblogs_at_once() -> None:
    one = Load([IMAGE], [service("nginx", GIB // 2), service("other", GIB // 4)])
    check_fit({"app": one}, {"app": replace(FIT, memory_bytes=GIB)})
    error = refused(replace(FIT, memory_bytes=GIB))
    assert error.message == "app: its services need 1.5 GiB of memory, it has 1.0 GiB"
    assert "instance_type" in error.hint


def test_too_small_a_disk_for_the_layers_that_are_not_there() -> None:
    small = replace(FIT, free_bytes=3 * GIB)
    error = refused(small)
    assert error.message == "app: 3.5 GiB of its disk must be free for the new images, 3.0 GiB are"
    assert "root_volume_gib" in error.hint
    check_fit({"app": LOAD}, {"app": replace(small, chains=frozenset({("sha256:a",)}))})


def test_the_host_that_feeds_needs_room_for_what_the_others_lack() -> None:
    other = replace(IMAGE, name="other:2", id="sha256:2", layers=(Layer("sha256:b", 8 * GIB),))
    loads = {"app": LOAD, "jenkins": Load([other], [])}
    facts = {"app": FIT, "jenkins": replace(FIT, names={"other:2": "sha256:2"})}
    check_fit(loads, facts)
    with pytest.raises(NotFit) as caught:
        check_fit(loads, {"app": replace(FIT, free_bytes=11 * GIB), "jenkins": replace(FIT, free_bytes=GIB)})
    assert caught.value.message.splitlines() == [
        "app: 11.5 GiB of its disk must be free for the new images, 11.0 GiB are",
        "jenkins: 21.0 GiB of its disk must be free for the new images, 1.0 GiB are",
    ]


def test_a_full_disk_does_not_matter_where_nothing_is_sent() -> None:
    check_fit({"app": LOAD}, {"app": replace(FIT, free_bytes=0, names={IMAGE.name: IMAGE.id})})


@pytest.mark.parametrize(("off", "words"), [(61, "61 s ahead of"), (-75, "75 s behind")])
def test_a_clock_that_is_off(off: float, words: str) -> None:
    error = refused(replace(FIT, clock_off_seconds=off))
    assert error.message == f"app: its clock is {words} the one here"
    check_fit({"app": LOAD}, {"app": replace(FIT, clock_off_seconds=off / 2)})


def test_all_that_is_wrong_with_any_host_is_named_at_once() -> None:
    facts = {
        "app": replace(FIT, docker="Cannot connect to the Docker daemon", architecture="arm64"),
        "jenkins": replace(FIT, clock_off_seconds=300),
    }
    with pytest.raises(NotFit) as caught:
        check_fit({"app": LOAD, "jenkins": LOAD}, facts)
    assert caught.value.message.splitlines() == [
        "app: Docker does not answer: Cannot connect to the Docker daemon",
        "app: the images are for amd64, the host is arm64",
        "jenkins: its clock is 300 s ahead of the one here",
    ]
    assert len(caught.value.hint.splitlines()) == 3
