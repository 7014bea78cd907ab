"""What objects of frameworks hold and never send to a model: ids, times, telemetry, logs of calls.

It only removes needless misses; each row has a test that shows that the library does not send it.
"""

from __future__ import annotations

NEVER_SENT: dict[str, frozenset[str]] = {}
"""Class → names of attributes; they hold for subclasses too."""
