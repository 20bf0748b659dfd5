"""What a worker remembers."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from microblog.kept import Kept


def test_what_was_kept_is_there_until_others_need_its_room():
    kept: Kept[str, int] = Kept(2)
    assert [kept.keep(key, number) for number, key in enumerate("aba")] == [0, 1, 2]
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (2, 1, None)
    kept.keep("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (None, 1, 3)


@pytest.fixture
def _hasty_threads():
    """Threads that interrupt each other all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty_threads")
def test_threads_that_need_room_at_once_do_not_trouble_each_other():
    kept: Kept[tuple[int, int], int] = Kept(50)

    def work(thread: int) -> None:
        for number in range(20_000):
            assert kept.keep((thread, number), number) == number

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    last = [kept.get((thread, 19_999)) for thread in range(8)]
    assert 19_999 in last
