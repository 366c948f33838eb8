"""One text file, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bayeshlm.errors import FileError


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
        handle, draft = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(draft).chmod(0o666 & ~umask())
            Path(draft).replace(target)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as error:
        raise FileError(f"Cannot write {str(target)!r}: {error.strerror}.") from error


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
