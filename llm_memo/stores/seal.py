"""The seal: what tells an entry that this user wrote from any other file.

A keyed BLAKE2b (RFC 7693) over the entry and the key that names it, checked before anything is
unpickled. Its key is `LLM_MEMO_KEY`, or 32 random bytes in the user's own config folder, never in
the cache folder: a cache folder that came with a cloned repository cannot run code here.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import secrets
import stat

from llm_memo.errors import StoreError

SIZE = 32
"""Bytes of a seal, and of the key that it is made with."""


def sealed(key: bytes, *parts: bytes | bytearray | memoryview) -> bytes:
    """The seal over ``parts``, made with ``key``."""
    seal = hashlib.blake2b(key=key, digest_size=SIZE, person=b"llm_memo entry")
    for part in parts:
        seal.update(part)
    return seal.digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two seals are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one, other)


def seal_key() -> bytes:
    """This user's key, made on first use.

    Raises:
        StoreError: The key file cannot be made or read, or others can read it.
    """
    given = os.environ.get("LLM_MEMO_KEY", "")
    return _from_text(given) if given else _from_file(key_file())


def key_file() -> str:
    """Where the key is kept when ``LLM_MEMO_KEY`` does not give one."""
    import platformdirs

    return os.path.join(platformdirs.user_config_dir("llm_memo", appauthor=False), "seal.key")


@functools.lru_cache(maxsize=16)
def _from_text(given: str) -> bytes:
    return hashlib.blake2b(os.fsencode(given), digest_size=SIZE, person=b"llm_memo key").digest()


@functools.lru_cache(maxsize=16)
def _from_file(path: str) -> bytes:
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            _make(path)
            return _read(path)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"no key to seal entries with: {path}: {error.strerror or error}; "
            "set LLM_MEMO_KEY to a long random text, or make that folder writable"
        ) from error


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    try:
        status = os.fstat(descriptor)
        if os.name == "posix" and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077):
            raise StoreError(
                f"the key that seals entries, {path}, can be read or is owned by another user; make it your "
                "own with mode 0600, or remove it: a new one is made, and older entries are no longer trusted"
            )
        key = os.read(descriptor, SIZE + 1)
    finally:
        os.close(descriptor)
    if len(key) != SIZE:
        raise StoreError(f"the key that seals entries, {path}, is damaged; remove it and a new one is made")
    return key


def _make(path: str) -> None:
    """Make the key file whole or not at all; of two processes that try at once, one wins for both."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    fresh = f"{path}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        try:
            os.write(descriptor, secrets.token_bytes(SIZE))
        finally:
            os.close(descriptor)
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
    finally:
        os.unlink(fresh)
