"""Where this Python and what is installed for it are.

Imported when it is first needed: `sysconfig` makes its tables at its first use, and a thread that comes meanwhile
finds half of them. An import is made by one thread, and all others wait for it.
"""

from __future__ import annotations

import sysconfig

STANDARD_LIBRARY = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib"))
PACKAGES = tuple(sysconfig.get_path(name) for name in ("purelib", "platlib"))
LAUNCHERS = (
    sysconfig.get_path("scripts"),
    sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")),
)
