"""Pictures in posts: harmless, bounded, and gone with their post."""

import io
import struct
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image as Pillow
from PIL import ImageCms
from sqlalchemy import func, select, update
from werkzeug.exceptions import TooManyRequests

from microblog.account.leaving import leave
from microblog.database import db
from microblog.images import pictures, reencode, uploads
from microblog.images.models import Image, ImageFile
from microblog.models import User
from microblog.people import hiding
from tests.unit.microblog.pictures import (
    MARK,
    bomb,
    drawn,
    encoded,
    exchanging_profile,
    opened,
    photo,
    strange_exif,
)
from tests.waiting import wait_until


def upload(browser, content: bytes, path: str = "/posts", body: str = "look", alt: str = "", name="a.jpg"):
    return browser.post(path, {"body": body, "alt": alt, "image": (io.BytesIO(content), name)})


def raw_upload(browser, byte_count: int, pattern: bytes = b"\0"):
    """A form with so many bytes in place of a picture."""
    content = (pattern * byte_count)[:byte_count]
    parts = (("csrf_token", "", browser.token().encode()), ("image", '; filename="a.jpg"', content))
    body = b"".join(
        f'--b\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n'.encode() + content + b"\r\n"
        for name, rest, content in parts
    )
    kind = "multipart/form-data; boundary=b"
    return browser.client.post("/posts", data=body + b"--b--\r\n", content_type=kind)


def shown(browser, path: str = "/"):
    """The picture of the newest post on a page."""
    return browser.page(path).select_one(".picture img")


def is_red(pixel) -> bool:
    return pixel[0] > 150 and pixel[2] < 80


def is_green(pixel) -> bool:
    return pixel[1] > 120 and pixel[0] < 120 and pixel[2] < 120


@pytest.mark.parametrize(
    ("content", "transparent"),
    [
        (photo(), False),
        (encoded(drawn(), "JPEG", progressive=True), False),
        (encoded(drawn(mode="CMYK"), "JPEG"), False),
        (encoded(drawn(), "MPO", save_all=True, append_images=[drawn(20, 20)]), False),
        (encoded(drawn(), "PNG"), False),
        (encoded(drawn(mode="RGBA"), "PNG"), True),
        (encoded(drawn(mode="LA"), "PNG"), True),
        (encoded(drawn(mode="P"), "PNG"), False),
        (encoded(drawn(mode="P"), "GIF"), False),
        (encoded(drawn(), "WEBP"), False),
    ],
    ids=[
        "jpeg",
        "progressive",
        "cmyk",
        "two_pictures",
        "png",
        "rgba",
        "grey_alpha",
        "palette",
        "gif",
        "webp",
    ],
)
def test_every_kind_becomes_webp(content, transparent):
    picture = pictures.reencoded(content)
    image = opened(picture.largest.content)
    assert (image.format, image.size) == ("WEBP", (40, 30))
    assert image.mode in ({"RGBA", "RGB"} if transparent else {"RGB"})


def test_of_an_animation_the_first_picture_is_kept():
    frames = [drawn(), Pillow.new("RGB", (40, 30), (0, 200, 0))]
    content = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    image = opened(pictures.reencoded(content).largest.content)
    assert not getattr(image, "is_animated", False)
    assert is_red(image.getpixel((5, 15)))


def test_sixteen_bits_of_grey_are_read():
    grey = Pillow.new("I;16", (20, 20), 40000)
    image = opened(pictures.reencoded(encoded(grey, "PNG")).largest.content)
    assert 140 < image.convert("L").getpixel((10, 10)) < 170


def test_a_phones_picture_with_another_inside_may_be_as_large_as_any_jpeg():
    content = encoded(drawn(5712, 4284), "MPO", save_all=True, append_images=[drawn(1428, 1071)])
    assert pictures.reencoded(content).largest.width == 1600


@pytest.mark.parametrize(
    ("orientation", "red", "green"),
    [
        (1, (5, 15), (35, 27)),
        (2, (35, 15), (5, 27)),
        (3, (35, 15), (5, 2)),
        (4, (5, 15), (35, 2)),
        (5, (15, 5), (27, 35)),
        (6, (15, 5), (2, 35)),
        (7, (15, 35), (2, 5)),
        (8, (15, 35), (27, 5)),
        (9, (5, 15), (35, 27)),
    ],
)
def test_a_picture_stands_upright_and_says_nothing_else(orientation, red, green):
    content = photo(orientation=orientation)
    assert MARK in content
    picture = pictures.reencoded(content)
    image = opened(picture.largest.content)
    assert image.size == ((30, 40) if orientation in {5, 6, 7, 8} else (40, 30))
    assert is_red(image.convert("RGB").getpixel(red))
    assert is_green(image.convert("RGB").getpixel(green))
    assert all(MARK not in size.content for size in picture.sizes)
    assert not set(image.info) & {"exif", "xmp", "icc_profile", "comment"}


def test_a_profile_is_applied_and_left_out_and_a_broken_one_does_no_harm():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for icc in (profile, b"no profile at all"):
        image = opened(pictures.reencoded(encoded(drawn(), "JPEG", icc_profile=icc)).largest.content)
        assert is_red(image.getpixel((5, 15)))
        assert "icc_profile" not in image.info


def test_a_large_picture_has_two_widths_of_the_same_shape():
    picture = pictures.reencoded(photo(3000, 2000))
    assert [(size.width, size.height) for size in picture.sizes] == [(1600, 1067), (720, 480)]
    assert picture.byte_count == sum(len(size.content) for size in picture.sizes)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("field", ["resolution_as_text", "number_too_large"])
def test_a_mistake_elsewhere_in_exif_does_not_keep_a_picture_from_being_turned(format, field):
    entries = {
        "resolution_as_text": struct.pack(">HHI4s", 0x011A, 2, 4, b"72\0\0"),
        "number_too_large": struct.pack(">HHII", 0x0213, 4, 1, 70000),
    }
    image = opened(
        pictures.reencoded(encoded(drawn(), format, exif=strange_exif(entries[field]))).largest.content
    )
    assert image.size == (30, 40)
    assert is_red(image.convert("RGB").getpixel((15, 5)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", [b"Exif\0\0nothing of the kind", b"Exif\0\0MM\0*\xff", strange_exif()[:20]])
def test_exif_that_cannot_be_read_turns_nothing_and_does_no_harm(format, exif):
    image = opened(pictures.reencoded(encoded(drawn(), format, exif=exif)).largest.content)
    assert image.size == (40, 30)


@pytest.mark.parametrize(
    ("mode", "format"), [("RGB", "JPEG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("RGBA", "WEBP")]
)
def test_a_profile_says_what_the_colours_are_also_where_some_are_transparent(mode, format):
    drawing = drawn(mode=mode)
    if mode == "RGBA":
        drawing.paste((0, 0, 0, 0), (0, 0, 20, 10))
    content = encoded(drawing, format, icc_profile=exchanging_profile())
    image = opened(pictures.reencoded(content).largest.content)
    assert image.mode == mode
    assert is_red(image.getpixel((35, 15)))
    if mode == "RGBA":
        assert (image.getpixel((10, 4))[3], image.getpixel((35, 15))[3]) == (0, 255)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"<script>alert(1)</script>",
        photo()[:300],
        encoded(drawn(), "BMP"),
        encoded(drawn(), "TIFF"),
        encoded(drawn(), "PPM"),
        b"\x89PNG\r\n\x1a\n" + bytes(200),
    ],
    ids=["nothing", "svg", "script", "cut_off", "bmp", "tiff", "ppm", "png_of_zeros"],
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(pictures.NoPicture):
        pictures.reencoded(content)


@pytest.mark.parametrize(("width", "height"), [(5000, 5000), (20_000_000, 1), (1, 20_000_000)])
def test_a_bomb_is_not_unpacked(width, height):
    content = bomb(width, height)
    assert len(content) < 100_000
    with pytest.raises(pictures.TooLarge):
        pictures.reencoded(content)


def test_pixels_are_counted_before_they_are_decoded():
    # 65,000 by 65,000 would be 17 GB; the child says no before it reads the first row, so no limit ends it.
    content = bytearray(encoded(drawn(), "JPEG"))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = b"\xfd\xe8\xfd\xe8"
    child = subprocess.run([sys.executable, "-I", pictures.PROGRAM], input=content, check=False)
    assert child.returncode == reencode.TOO_MANY_PIXELS


@pytest.mark.parametrize(
    "most", [{"MEMORY_BYTES": 40 * reencode.MIB}, {"CPU_SECONDS": 0}], ids=["memory", "time"]
)
def test_the_child_has_limits_of_its_own(monkeypatch, tmp_path, most):
    monkeypatch.setattr(pictures, "PROGRAM", program_with(tmp_path, most))
    with pytest.raises(pictures.TooLarge):
        pictures.reencoded(encoded(drawn(3000, 3000), "PNG"))


def test_an_error_that_nobody_expected_is_not_taken_for_too_many_pixels(monkeypatch, tmp_path):
    broken = program_with(tmp_path, {"MOST_PIXELS": {"JPEG": "a word in place of a number"}})
    monkeypatch.setattr(pictures, "PROGRAM", broken)
    with pytest.raises(pictures.NoPicture):
        pictures.reencoded(photo())


def program_with(folder: Path, values: dict[str, object]) -> Path:
    """A copy of the child's program with other values."""
    program = pictures.PROGRAM.read_text()
    for name, value in values.items():
        line = next(line for line in program.splitlines() if line.startswith(f"{name} ="))
        program = program.replace(line, f"{name} = {value}")
    copy = folder / "reencode.py"
    copy.write_text(program)
    return copy


def test_one_picture_at_a_time_and_few_wait(monkeypatch):
    together, most, lock = 0, 0, threading.Lock()
    refused: list[int] = []
    run = pictures.subprocess.run

    def counted(*words, **options):
        nonlocal together, most
        with lock:
            together += 1
            most = max(most, together)
        wait_until(lambda: len(refused) == 3, 20, "all who came, and few of them waited")
        try:
            return run(*words, **options)
        finally:
            with lock:
                together -= 1

    monkeypatch.setattr(pictures.subprocess, "run", counted)
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 90)

    def one(_):
        try:
            pictures.reencoded(photo())
        except TooManyRequests as error:
            refused.append(error.retry_after)
            return "refused"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        said = sorted(pool.map(one, range(6)))
    assert most == 1
    assert said == ["done", "done", "done", "refused", "refused", "refused"]
    assert refused == [90, 90, 90]


def test_a_post_shows_its_picture(somebody):
    alice = somebody("alice")
    assert upload(alice, photo(1000, 500), alt='Two "halves" <b>').status_code == 303
    image = shown(alice)
    assert (image["width"], image["height"], image["alt"]) == ("1000", "500", 'Two "halves" <b>')
    assert image["srcset"].count("w") >= 2
    wide = [part.split()[0] for part in image["srcset"].split(",")]
    for address in (image["src"], image.parent["href"], *wide):
        response = alice.get(address)
        assert response.status_code == 200
        assert opened(response.data).format == "WEBP"
    assert opened(alice.get(image["src"]).data).size == (720, 360)


def test_a_picture_needs_no_words(somebody):
    alice = somebody("alice")
    assert upload(alice, photo(), body="").status_code == 303
    assert shown(alice)["alt"] == "A picture without a description"
    assert upload(alice, b"", body="", name="").status_code == 422


@pytest.mark.parametrize(
    ("body", "alt", "words"),
    [
        ("look", "a cat", "look"),
        ("", "a cat", "a cat"),
        ("", "", "A picture without a description"),
    ],
)
def test_a_picture_without_words_has_a_title_and_is_told_about(somebody, body, alt, words):
    alice, bob = somebody("alice"), somebody("bob")
    upload(alice, photo(), body=body, alt=alt)
    bob.post(f"/posts/{shown(alice)['src'].split('/')[2]}/like")
    link = alice.page("/notifications").select_one(".notifications .line a")
    assert link.text == words
    assert words in bob.page(link["href"]).title.text


def test_a_reply_has_a_picture_too(somebody, store):
    alice = somebody("alice")
    alice.write("look")
    (post,) = alice.page("/").select("article.post")
    path = f"/posts/{post['id'].removeprefix('post-')}"
    assert upload(alice, photo(), f"{path}/replies").status_code == 303
    assert alice.page(path).select_one(".replies .picture img")


def test_what_is_wrong_is_said_beside_the_field(somebody):
    alice = somebody("alice")
    response = upload(alice, b"nothing of the kind")
    assert response.status_code == 422
    assert "This is no picture that we can read." in response.text
    response = upload(alice, bomb(5000, 5000))
    assert (response.status_code, "too many pixels" in response.text) == (422, True)
    response = upload(alice, photo(), alt="x" * 501)
    assert (response.status_code, "At most 500 characters" in response.text) == (422, True)
    assert shown(alice) is None


def test_too_many_bytes_are_not_read(somebody, browser):
    alice = somebody("alice")
    response = raw_upload(alice, uploads.LARGEST_UPLOAD_BYTES + uploads.REST_OF_FORM_BYTES)
    assert response.status_code == 413
    assert "That is too much" in response.text
    # Strangers, and forms without a picture, have no use for that much.
    assert raw_upload(browser, 150_000).status_code == 413
    assert raw_upload(alice, 150_000).status_code == 422
    assert alice.post("/profile/edit", {"about": "x" * 150_000}).status_code == 413


def test_what_looks_like_the_end_of_the_form_does_not_disturb(somebody):
    alice = somebody("alice")
    assert raw_upload(alice, 1_000_000, b"\r\n--").status_code == 422
    assert raw_upload(alice, 1_000_000, b"\r").status_code == 422
    assert raw_upload(alice, 1_000_000, b"x").status_code == 422


def test_headers_make_a_picture_nothing_but_a_picture(somebody, browser):
    alice = somebody("alice")
    upload(alice, photo())
    address = shown(alice)["src"]
    for reader, who in ((alice, "private"), (browser, "public")):
        headers = reader.get(address).headers
        assert headers["Content-Type"] == "image/webp"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Content-Disposition"].startswith("inline; filename=")
        assert headers["Cache-Control"].startswith(f"{who}, max-age=31536000, immutable")
    etag = browser.get(address).headers["ETag"]
    assert browser.get(address, headers={"If-None-Match": etag}).status_code == 304


def test_nobody_guesses_an_address(somebody):
    alice = somebody("alice")
    upload(alice, photo())
    address = shown(alice)["src"]
    assert alice.get(address.replace("-40.", "-41.")).status_code == 404
    folder, _, _ = address.rpartition("/")
    assert alice.get(f"{folder}/{'0' * 32}-40.webp").status_code == 404


def test_a_deleted_post_takes_its_picture_along(app, somebody, browser):
    alice = somebody("alice")
    upload(alice, photo())
    address = shown(alice)["src"]
    assert browser.get(address).status_code == 200
    alice.post(f"/posts/{address.split('/')[2]}/delete")
    assert browser.get(address).status_code == 404
    assert browser.get(address, headers={"If-None-Match": '"x"'}).status_code == 404
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ImageFile)) == 0


def test_somebody_who_leaves_takes_their_pictures_along(app, somebody, store):
    alice = somebody("alice")
    upload(alice, photo(1000, 1000))
    with app.app_context():
        leave(db.session.get(User, store.user("alice").id))
        assert db.session.scalar(select(func.count()).select_from(Image)) == 0
        assert db.session.scalar(select(func.count()).select_from(ImageFile)) == 0


def test_who_is_blocked_sees_no_picture(app, somebody, store):
    alice, bob = somebody("alice"), somebody("bob")
    upload(alice, photo())
    address = shown(alice)["src"]
    assert bob.get(address).status_code == 200
    with app.app_context():
        hiding.block(store.user("alice"), store.user("bob"))
    assert bob.get(address).status_code == 404


def test_a_persons_space_has_an_end(app, somebody):
    alice = somebody("alice")
    upload(alice, photo())
    with app.app_context():
        db.session.execute(update(Image).values(byte_count=uploads.MOST_BYTES))
        db.session.commit()
    response = upload(alice, photo())
    assert response.status_code == 422
    assert "Your pictures fill all the space" in response.text


def test_uploads_are_counted(somebody, monkeypatch):
    alice = somebody("alice")
    monkeypatch.setattr(uploads, "UPLOADS", uploads.Limit(burst=2, seconds=600))
    assert [upload(alice, photo()).status_code for _ in range(3)] == [303, 303, 429]
    assert alice.write("words alone are not counted").status_code == 303


def test_a_timeline_with_pictures_costs_no_more_statements(somebody, store):
    alice = somebody("alice")
    for _ in range(3):
        upload(alice, photo())
    with store.statements() as sent:
        assert len(alice.page("/").select(".picture img")) == 3
    assert len(sent) <= 4


def test_a_browser_demands_neither_picture_nor_description(somebody):
    form = somebody("alice").page("/").select_one("form.compose")
    assert form["enctype"] == "multipart/form-data"
    assert not form.select("[required]")
