"""PIL images, in keys."""

from __future__ import annotations

import io
from typing import Any

from llm_memo.identity.forms.encoding import Buffer


def canonical_form(value: Any) -> tuple[str, object] | None:
    """An image is its mode, size, palette, pixels, what its file says of it, and the other frames of the file.

    The name and the format of the file are not part of it. The image is left at the frame where it is.
    """
    from PIL import ExifTags, Image

    if not isinstance(value, Image.Image):
        return None
    frames = _frames(value)
    pixels = value.tobytes()
    palette = (
        (value.palette.mode, value.getpalette()) if value.palette and value.mode in ("P", "PA", "L", "LA") else None
    )
    said = sorted(
        (name, item) for name, item in value.info.items() if isinstance(name, str) and name not in _OF_A_FORMAT
    )
    orientation = value.getexif().get(ExifTags.Base.Orientation)
    return "image", (value.mode, value.size, palette, Buffer(pixels), said, orientation, *frames)


_OF_A_FORMAT = frozenset({
    "adobe", "adobe_transform", "compression", "dpi", "exif", "interlace", "jfif", "jfif_density", "jfif_unit",
    "jfif_version", "lossless", "mp", "mpoffset", "progression", "progressive", "resolution", "timestamp", "version",
})  # fmt: skip


def _frames(image: Any) -> tuple[object, ...]:
    """The frames of an animation or of several pages, read anew from its file, and which of them the image is at."""
    from PIL import Image

    kind = type(image)
    file = getattr(image, "_fp", None) or image.__dict__.get("fp")
    if kind.seek is Image.Image.seek or file is None or getattr(file, "closed", False) or not hasattr(file, "seek"):
        return ()
    place = file.tell()
    try:
        file.seek(0)
        data = file.read()
    finally:
        file.seek(place)
    with Image.open(io.BytesIO(data)) as anew:
        count = getattr(anew, "n_frames", 1)
    return (count, image.tell(), data) if count > 1 else ()
