"""The sheets of cached functions, counts, folders, entries, explanations and settings.

Importing this package tells `llm_memo.display.shown` all the sheets that there are.
"""

from __future__ import annotations

from llm_memo.views import calls, contents, explained, settings

__all__ = ["calls", "contents", "explained", "settings"]
