"""The five policies: whether a call reads, calls and writes."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from llm_memo.errors import InvalidOption


class CachePolicy(str, Enum):
    """Whether a call reads, calls and writes.

    The values are the names that OpenPipe's hosted cache uses, with ``off`` and ``replay`` beside
    them. ``CachePolicy("read_write")``, ``CachePolicy(True)`` and ``CachePolicy.READ_WRITE`` are the
    same; ``False`` is ``off``. Anything else raises `InvalidOption` (a ``ValueError``).
    """

    READ_WRITE = "readWrite", True, True, True
    """Return the kept answer; on a miss call, and keep the answer."""
    READ_ONLY = "readOnly", True, True, False
    """Return the kept answer; on a miss call, and keep nothing."""
    WRITE_ONLY = "writeOnly", False, True, True
    """Always call, and keep the answer in place of the old one: a refresh."""
    OFF = "off", False, True, False
    """Always call, keep nothing."""
    REPLAY = "replay", True, False, False
    """Return the kept answer; on a miss raise `CacheMiss`. The function is never called."""

    reads: bool
    calls: bool
    writes: bool

    def __new__(cls, name: str, reads: bool = False, calls: bool = True, writes: bool = False) -> CachePolicy:
        """Make a member of a row: its name, and whether it reads, calls on a miss, and writes."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.reads, member.calls, member.writes = reads, calls, writes
        return member

    @classmethod
    def _missing_(cls, value: object) -> CachePolicy:
        if isinstance(value, bool):
            return cls.READ_WRITE if value else cls.OFF
        if isinstance(value, str):
            for member in cls:
                if value.strip().replace("_", "").replace("-", "").lower() == member.value.lower():
                    return member
        names = ", ".join(repr(member.value) for member in cls)
        raise InvalidOption(f"policy={value!r} is not a cache policy; it is one of {names}, True or False")

    __str__ = str.__str__


PolicyName = Literal["readWrite", "readOnly", "writeOnly", "off", "replay", "read_write", "read_only", "write_only"]
PolicyLike = CachePolicy | PolicyName | bool
