"""Makes an upload harmless: decodes it and writes only its pixels anew. A program of its own, see `pictures`.

usage: python -I reencode.py < UPLOAD > RESULT

The result is a line of JSON, [[WIDTH, HEIGHT, BYTES], …], the largest first, and the WebP files one after the
other. Exit 2: no picture that this reads. Exit 3: too many pixels. Anything else: it took too much.
"""

import io
import json
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

NO_PICTURE = 2
TOO_MANY_PIXELS = 3

MIB = 1024 * 1024
MEMORY_BYTES = 144 * MIB
CPU_SECONDS = 10
# What decoding takes, measured: a JPEG is decoded smaller than it is; the others at full size, PNG with 11
# bytes a pixel, WebP with 16.
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 12_000_000, "GIF": 12_000_000, "WEBP": 8_000_000}
# All coefficients of a progressive JPEG are in memory at once.
MOST_PROGRESSIVE_PIXELS = 24_000_000
LONGEST_SIDE = 1600
# For a phone, or the column of a page; sharp enough on dense screens.
SMALL_WIDTH = 720
QUALITY = 80
# The field of EXIF that says how to turn a picture.
ORIENTATION = 0x0112


def main() -> int:
    """Read, reduce and write."""
    _restrain()
    from PIL import Image  # within the limits set above

    Image.MAX_IMAGE_PIXELS = None  # the limits here are tighter, and each format has its own
    try:
        picture: Picture = Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=tuple(MOST_PIXELS))
        if _too_many_pixels(picture):
            return TOO_MANY_PIXELS
        profile = picture.info.get("icc_profile")
        picture.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        if picture.mode not in {"L", "RGB", "CMYK"}:
            picture = _with_plain_colours(picture)
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
        # An upright picture in the colours of the web.
        picture = _upright(picture)
        if profile and picture.mode in {"RGB", "RGBA", "CMYK"}:
            picture = _in_srgb(picture, profile)
    except MemoryError:
        raise
    except Exception:  # nobody says which ones decoders raise
        return NO_PICTURE
    _write(picture if picture.mode in {"RGB", "RGBA"} else picture.convert("RGB"))
    return 0


def _restrain() -> None:
    for what, most in (
        (resource.RLIMIT_DATA, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(what, (most, most))
    # Where memory runs short all the same, it is this process that the kernel ends, never one that serves.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _too_many_pixels(picture: "Picture") -> bool:
    # MPO is a JPEG with more pictures behind it, of which only the first is decoded.
    most = MOST_PIXELS["JPEG" if picture.format == "MPO" else picture.format or ""]
    if picture.info.get("progressive"):
        most = MOST_PROGRESSIVE_PIXELS
    return picture.width * picture.height > most


def _with_plain_colours(picture: "Picture") -> "Picture":
    """Palettes and the like as colours, with transparency where there is any."""
    if picture.mode.startswith("I") or picture.mode == "F":
        return picture.point(lambda value: value / 256).convert("L")
    transparent = picture.has_transparency_data
    return picture.convert("RGBA" if transparent else "RGB")


def _upright(picture: "Picture") -> "Picture":
    """Turned as its EXIF says; what cannot be read there turns nothing."""
    from PIL.Image import Transpose

    turns: dict[Any, Transpose] = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    # Pillow's own function for this writes the EXIF anew, too, and stumbles over mistakes anywhere in it.
    try:
        turn = turns.get(picture.getexif().get(ORIENTATION))
    except Exception:
        turn = None
    return picture if turn is None else picture.transpose(turn)


def _in_srgb(picture: "Picture", profile: bytes) -> "Picture":
    """In the colours of the web, with what is transparent; a profile that cannot be read is left out."""
    from PIL import ImageCms

    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    converted = None
    with suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
        given, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, given, srgb, outputMode=mode)
    return converted or picture


def _write(picture: "Picture") -> None:
    pictures = [picture]
    if picture.width > SMALL_WIDTH:
        height = max(1, round(picture.height * SMALL_WIDTH / picture.width))
        pictures.append(picture.resize((SMALL_WIDTH, height), reducing_gap=2.0))
    files = [_webp(one) for one in pictures]
    sizes = [[one.width, one.height, len(file)] for one, file in zip(pictures, files, strict=True)]
    sys.stdout.buffer.write(json.dumps(sizes).encode() + b"\n" + b"".join(files))


def _webp(picture: "Picture") -> bytes:
    file = io.BytesIO()
    # Only what is named is written: no EXIF, no profile, no comment of the original.
    picture.save(file, "WEBP", quality=QUALITY, method=4, exif=b"", xmp=b"", icc_profile=None)
    return file.getvalue()


if __name__ == "__main__":
    sys.exit(main())
