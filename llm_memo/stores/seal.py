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
from llm_memo.runtime import environ
from llm_memo.stores import files

SIZE = 32
"""Bytes of a seal, and of the key that it is made with."""


def sealed(key: bytes, magic: bytes, name: str, body: bytes | memoryview) -> bytes:
    """The seal over an entry of this format and name, made with ``key``."""
    text = name.encode("utf-8", "surrogatepass")
    seal = hashlib.blake2b(b"%b%d:%b" % (magic, len(text), text), key=key, digest_size=SIZE, person=b"llm_memo entry")
    seal.update(body)
    return seal.digest()


def same(one: bytes, other: bytes) -> bool:
    """Whether two seals are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one, other)


def seal_key() -> bytes:
    """This user's key, made on first use.

    Raises:
        StoreError: The key file cannot be made or read, or is not this user's alone.
    """
    return _seal_key(_read_environment())


_read_environment = environ.reader("LLM_MEMO_KEY", "XDG_CONFIG_HOME", "HOME")


@functools.lru_cache(maxsize=16)
def _seal_key(_: tuple[object, ...]) -> bytes:
    given = os.environ.get("LLM_MEMO_KEY")
    return _from_text(given) if given else _from_file(key_file())


def key_file() -> str:
    """Where the key is kept when ``LLM_MEMO_KEY`` does not give one."""
    import platformdirs

    return os.path.join(platformdirs.user_config_dir("llm_memo", appauthor=False), "seal.key")


def _from_text(given: str) -> bytes:
    return hashlib.blake2b(os.fsencode(given), digest_size=SIZE, person=b"llm_memo key").digest()


def _from_file(path: str) -> bytes:
    try:
        try:
            return _read(path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            # Lasting: a key lost in a power cut would take every entry with it.
            files.write_whole(path, secrets.token_bytes(SIZE), place=_first, lasting=True)
            return _read(path)
    except StoreError:
        raise
    except OSError as fault:
        error = StoreError(
            f"no key to seal entries with: {path}: {fault.strerror or fault}; "
            "set LLM_MEMO_KEY to a long random text, or make that file and folder your own"
        )
        error.errno = fault.errno
        raise error from fault


def _first(fresh: str, path: str) -> None:
    """Put ``fresh`` at ``path`` unless another process has been quicker: its key is then this one's too."""
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(fresh, path)
        return
    os.unlink(fresh)


def _read(path: str) -> bytes:
    descriptor = files.open_to_read(path)
    try:
        status = os.fstat(descriptor)
        key = os.read(descriptor, SIZE + 1) if stat.S_ISREG(status.st_mode) else b""
    finally:
        os.close(descriptor)
    if os.name == "posix" and (status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077):
        raise StoreError(
            f"the key that seals entries, {path}, can be read by others or belongs to another user; make it "
            "your own with mode 0600, or remove it: a new one is made, and older entries are no longer trusted"
        )
    if len(key) != SIZE:
        raise StoreError(f"the key that seals entries, {path}, is damaged; remove it and a new one is made")
    return key
