"""Pictures that people upload, honest ones and others."""

import io
import struct
import zlib

from PIL import Image, ImageCms, ImageDraw

MARK = b"a secret place"
ORIENTATION, DESCRIPTION = 0x0112, 0x010E


def drawn(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """The left half red, the right half blue, with a green corner at the bottom right."""
    image = Image.new("RGB", (width, height), (200, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rectangle([width // 2, 0, width, height], fill=(0, 0, 200))
    draw.rectangle([width * 3 // 4, height * 4 // 5, width, height], fill=(0, 200, 0))
    return image.convert(mode)


def encoded(image: Image.Image, format: str = "JPEG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def photo(width: int = 40, height: int = 30, orientation: int = 1) -> bytes:
    """A JPEG with metadata that must not be shown to anybody."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[DESCRIPTION] = MARK.decode()
    return encoded(drawn(width, height), exif=exif.tobytes(), comment=MARK)


def strange_exif(*entries: bytes) -> bytes:
    """EXIF that says to turn the picture by a quarter, beside what its writer got wrong."""
    turned = struct.pack(">HHI2H", ORIENTATION, 3, 1, 6, 0)
    return (
        b"Exif\0\0MM\0*\0\0\0\x08"
        + struct.pack(">H", 1 + len(entries))
        + turned
        + b"".join(entries)
        + bytes(4)
    )


def exchanging_profile() -> bytes:
    """A profile in which red is blue and blue is red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for name, other in ((b"rXYZ", b"____"), (b"bXYZ", b"rXYZ"), (b"____", b"bXYZ")):
        profile = profile.replace(name, other, 1)
    return profile


def bomb(width: int, height: int) -> bytes:
    """A small PNG that says, and keeps its word, that it has that many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    packer = zlib.compressobj(9)
    row = 1 + (width + 7) // 8
    packed = packer.compress(bytes(row * height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image
