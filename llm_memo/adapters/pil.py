"""PIL images, in keys."""

from __future__ import annotations

from typing import Any


def canonical_form(value: Any) -> tuple[str, object] | None:
    """An image is its mode, size, palette and pixels; not its file's name or format."""
    from PIL import Image

    if not isinstance(value, Image.Image):
        return None
    palette = value.getpalette() if value.mode in ("P", "PA") else None
    return "image", (value.mode, value.size, palette, value.tobytes())
