"""Whether the scan is there that this corpus specifies."""

from __future__ import annotations

import importlib.util


def there(name: str) -> bool:
    """Whether a module can be found, and the packages that it is in."""
    parts = name.split(".")
    return all(importlib.util.find_spec(".".join(parts[: end + 1])) for end in range(len(parts)))


SCAN_IS_THERE = there("llm_memo.identity.scan.scan")
