"""One file, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bayeshlm.errors import FileError


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a draft beside `target` that takes its place if the block ends well; otherwise the draft is removed.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
        draft = Path(name)
        try:
            os.close(handle)
            yield draft
            draft.chmod(0o666 & ~umask())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"Cannot write {str(target)!r}: {error.strerror or error}.") from error


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write text as UTF-8; what stood there is left as it was if that fails.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    target = Path(path)
    check_file(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"Cannot write {str(target)!r}: {error.strerror}.") from error
    with whole_file(target) as draft:
        draft.write_text(text, encoding="utf-8", newline="")


def check_file(target: Path, option: str = "the file", example: str = "results.html") -> None:
    """Refuse a place where no file can be, before anything is computed.

    Parameters
    ----------
    target : Path
    option, example : str
        What asks for a file, and one to give, for the message.

    Raises
    ------
    FileError
        If `target` is a folder, or what should hold it is a file or cannot be written to.
    """
    if target.is_dir():
        raise FileError(f"{str(target)!r} is a folder; {option} needs a file name, such as {example}.")
    place = next(parent for parent in target.absolute().parents if parent.exists())
    if not place.is_dir():
        raise FileError(f"{str(place)!r} is a file; {target.name!r} needs a folder.")
    if not os.access(place, os.W_OK):
        raise FileError(f"The folder {str(place)!r} cannot be written to.")


def umask() -> int:
    """The permissions that new files of this process do not get."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
