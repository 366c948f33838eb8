"""numba's cache on the disk, made safe: code that is damaged, foreign or cannot be kept is compiled, never believed."""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from numba.core.caching import Cache, FunctionCache, IndexDataCacheFile
from numba.core.ccallback import CFunc
from numba.core.serialize import dumps
from numba.core.sigutils import normalize_signature

from bayeshlm import families

logger = logging.getLogger(__name__)

DIGEST = hashlib.sha256

# Caches see a change of the file that a function is in, not of those that it calls: numba's and PyTensor's keys hold
# this number of all the source of the room, and of the families, whose rows are compiled into its kernels.
ROOMS = (Path(__file__).parent, Path(families.__file__).parent)
VERSION = int(
    DIGEST(b"".join(path.read_bytes() for room in ROOMS for path in sorted(room.rglob("*.py")))).hexdigest()[:12], 16
)


def cached(function: Any) -> Any:
    """Let a function of ``numba.njit`` keep its machine code on the disk, if there is a place for it.

    Parameters
    ----------
    function : numba dispatcher or C callback
        Not compiled yet, and without ``cache=True``, with which numba fails where nothing can be written.
    """
    python = getattr(function, "py_func", None) or getattr(function, "__wrapped__", None)
    if python is None:  # NUMBA_DISABLE_JIT: nothing is compiled
        return function
    if not _name_closures(function, python):
        logger.info("Compiling without a cache: %s closes over what is compiled already", python.__qualname__)
        return function
    try:
        function._cache = _CheckedCache(python)
    except (RuntimeError, OSError) as error:
        logger.info("Compiling without a cache: %s", error)
    return function


def cached_callback(signature: Any, function: Callable[..., Any]) -> Any:
    """A C callback as ``numba.cfunc`` makes it, with a cache as `cached` gives it."""
    callback = cached(CFunc(function, normalize_signature(signature), locals={}, options={}))
    callback.compile()
    return callback


@contextlib.contextmanager
def forgiving_caches() -> Iterator[None]:
    """Let the caches of other packages' functions, PyTensor's above all, compile what they cannot read or keep."""
    load, save = Cache.load_overload, Cache.save_overload

    def forgiving_load(self: Cache, sig: Any, target_context: Any) -> Any:
        return _loaded(self, lambda: load(self, sig, target_context))

    def forgiving_save(self: Cache, sig: Any, data: Any) -> None:
        _saved(self, lambda: save(self, sig, data))

    Cache.load_overload, Cache.save_overload = forgiving_load, forgiving_save
    try:
        yield
    finally:
        Cache.load_overload, Cache.save_overload = load, save


class _CheckedCache(FunctionCache):
    """A cache that fails by having nothing, whose entries carry a digest, and which knows a closure when it sees it.

    numba's key of a closure over a compiled function has a random number in it: nothing is ever found, and every
    process leaves an entry more. Here such a function is what it is called, and its own closure; of which code it is
    made `VERSION` says.
    """

    def __init__(self, python: Callable[..., Any]) -> None:
        super().__init__(python)
        locator = self._impl.locator
        stamp = (locator.get_source_stamp(), VERSION)
        self._cache_file = _CheckedFile(locator.get_cache_path(), self._impl.filename_base, stamp)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        code = DIGEST(self._py_func.__code__.co_code).hexdigest()
        return sig, codegen.magic_tuple(), (code, _closure_digest(self._py_func))

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        return _loaded(self, lambda: super(_CheckedCache, self).load_overload(sig, target_context))

    def save_overload(self, sig: Any, data: Any) -> None:
        _saved(self, lambda: super(_CheckedCache, self).save_overload(sig, data))


class _CheckedFile(IndexDataCacheFile):
    """Entries with their key, which the index could have lost, and a digest: changed code gives any number."""

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (repr(key), data))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        if found is None:
            return None
        if found[0] != repr(key):
            raise ValueError("the entry is another function's")
        return found[1]

    def _dump(self, obj: Any) -> bytes:
        content: bytes = super()._dump(obj)
        return content + DIGEST(content).digest()

    def _load_data(self, name: str) -> Any:
        with open(self._data_path(name), "rb") as file:
            content = file.read()
        size = DIGEST().digest_size
        if DIGEST(content[:-size]).digest() != content[-size:]:
            raise ValueError("the entry is damaged")
        return super()._load_data(name)


def _name_closures(function: Any, python: Any) -> bool:
    """Name a closure, and those that it calls, after what they close over; False if one is compiled by another name.

    Machine code goes by the name of its function and a number that each process counts from zero. Of closures made by
    one function, kept by two processes and loaded by a third, one would run in the place of the other.
    """
    for cell in python.__closure__ or ():
        inner = getattr(cell.cell_contents, "py_func", None)
        if inner is not None and not _name_closures(cell.cell_contents, inner):
            return False
    if python.__closure__:
        mark = f"_{_closure_digest(python)[:16]}"
        if not python.__qualname__.endswith(mark):
            if getattr(function, "signatures", ()):
                return False
            python.__qualname__ += mark
    return True


def _closure_digest(function: Any) -> str:
    return DIGEST(dumps(_closed_over(function))).hexdigest()


def _closed_over(function: Any) -> tuple[Any, ...]:
    """What stands in a function's closure, with the names of compiled functions and intrinsics in their place."""
    values = (cell.cell_contents for cell in function.__closure__ or ())
    pythons = ((value, getattr(value, "py_func", None) or getattr(value, "__wrapped__", None)) for value in values)
    return tuple(
        value if python is None else (python.__module__, python.__qualname__, _closed_over(python))
        for value, python in pythons
    )


def _loaded(cache: Any, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except Exception as error:  # whatever unpickling of damaged bytes ends in
        logger.info("Compiling anew: %s cannot be read (%s)", cache, error)
        _mend_index(cache)
        return None


def _mend_index(cache: Any) -> None:
    """Begin a damaged index anew, beside which nothing could be kept; a damaged entry will be written over."""
    try:
        cache._cache_file._load_index()
    except Exception:
        with contextlib.suppress(Exception):
            cache.flush()


def _saved(cache: Any, save: Callable[[], None]) -> None:
    try:
        save()
    except Exception as error:  # no space, no permission, another process in between
        logger.info("Compiled, but not kept: %s (%s)", cache, error)
