"""What differs between two releases, from what contents.sh prints."""

from ec2.comparison import compare, files_of

OLD, NEW = "20261124T100000Z-aaa", "20261124T110000Z-bbb"
PRINTED = f"""\
{OLD} .env TAG='aaa'
{OLD} .env STACK='blog'
{OLD} compose.images.yaml {{"services": {{"nginx": {{"image": "microblog/nginx:1"}}}}}}
{OLD} compose.yaml services:
{OLD} compose.yaml   nginx: {{}}
{NEW} .env TAG='bbb'
{NEW} .env STACK='other'
{NEW} compose.images.yaml {{"services": {{"nginx": {{"image": "microblog/nginx:2"}}}}}}
{NEW} compose.yaml services:
{NEW} compose.yaml   nginx: {{}}
"""


def test_files_come_with_their_lines_as_they_were() -> None:
    assert files_of(PRINTED, OLD)["compose.yaml"] == "services:\n  nginx: {}\n"


def test_images_and_variables_are_told_by_name_and_the_commit_is_not_told_twice() -> None:
    found = compare(files_of(PRINTED, OLD), files_of(PRINTED, NEW))
    assert found.images == {"nginx": ("microblog/nginx:1", "microblog/nginx:2")}
    assert found.variables == {"STACK": ("blog", "other")}
    assert found.files == {}


def test_what_is_run_otherwise_is_told_line_by_line() -> None:
    before, after = {"compose.yaml": "a: 1\nb: 2\n"}, {"compose.yaml": "a: 1\nb: 3\n"}
    assert compare(before, after).files["compose.yaml"][1:] == (" a: 1", "-b: 2", "+b: 3")
    assert compare(before, before).same
