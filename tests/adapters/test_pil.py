"""Canonical forms of images: what they show counts, how they lie in memory does not."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hooks import encoded, repeated
from PIL import Image


def saved(frames: list[Any], kind: str = "GIF", **options: Any) -> Any:
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=len(frames) > 1, append_images=frames[1:], **options)
    return Image.open(io.BytesIO(file.getvalue()))


def plain(*colours: int, mode: str = "L") -> list[Any]:
    return [Image.new(mode, (4, 4), colour) for colour in colours]


def turned(orientation: int) -> Any:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(plain(1), "JPEG", exif=exif)


IMAGES: dict[str, list[Any]] = {
    "images": [*plain(0, 1), *plain(0, mode="RGB"), *plain(0, mode="P"), Image.new("L", (4, 5))],
    "frames": [saved(plain(0, 50)), saved(plain(0, 60)), saved(plain(0, 50, 60)), saved(plain(0))],
    "frames of WebP": [saved(plain(0, 50), "WEBP", lossless=True), saved(plain(0, 90), "WEBP", lossless=True)],
    "pages": [saved(plain(0, 50), "TIFF"), saved(plain(0, 60), "TIFF")],
    "transparency": [
        saved(plain(0), "PNG"),
        saved(plain(0), "PNG", transparency=0),
        saved(plain(0), "PNG", transparency=9),
    ],
    "orientation": [turned(1), turned(6), turned(3)],
}


@pytest.mark.parametrize("values", IMAGES.values(), ids=IMAGES)
def test_different_images_have_different_bytes(values: list[Any]) -> None:
    """Pixels, later frames, transparency and orientation count."""
    assert [] == repeated(values)


def test_an_image_is_left_as_it_is() -> None:
    """The place of an animation and the file are as before; the format of a still image is not part of it."""
    image = saved(plain(0, 50, 60))
    image.seek(1)
    before = encoded(image)
    assert 1 == image.tell()
    assert before == encoded(image)
    image.seek(2)
    assert before != encoded(image)
    assert encoded(plain(7)[0]) == encoded(saved(plain(7), "PNG")) == encoded(saved(plain(7), "BMP"))
