"""What a worker remembers."""

from microblog.kept import Kept


def test_what_was_kept_is_there_until_others_need_its_room():
    kept: Kept[str, int] = Kept(2)
    assert [kept.keep(key, number) for number, key in enumerate("aba")] == [0, 1, 2]
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (2, 1, None)
    kept.keep("c", 3)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == (None, 1, 3)
