"""Files written whole or not at all, one alone or several together."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bayeshlm.errors import FileError
from bayeshlm.interruption import uninterrupted


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


@contextmanager
def whole_files(target: Path, names: Sequence[str]) -> Iterator[Path]:
    """Yield a folder for files of these names, which take the place of those of `target` if the block ends well.

    A file that the block does not write, the first excepted, is then not in `target` either.

    They are written aside, and a failure or an interruption leaves the old ones as they were. At no moment do old and
    new files stand side by side: a process that is killed while they change places may leave the first file, old or
    new, without the others, never beside those of another time.

    Raises
    ------
    FileError
        If `target` cannot be made or written to.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        home = target if target.is_dir() else target.parent
        with tempfile.TemporaryDirectory(dir=home, prefix=f".{target.name}.", ignore_cleanup_errors=True) as draft:
            new, old = Path(draft, "new"), Path(draft, "old")
            new.mkdir()
            old.mkdir()
            yield new
            with uninterrupted():
                _exchange(new, target, old, names)
    except OSError as error:
        raise FileError(f"Cannot write into {str(target)!r}: {error.strerror}.") from error


def _exchange(new: Path, target: Path, old: Path, names: Sequence[str]) -> None:
    """Move the files from `new` to `target`, those that stand there to `old`; all back again if a move fails."""
    made = not target.exists()
    target.mkdir(exist_ok=True)
    main = target / names[0]
    moved: list[tuple[Path, Path]] = []
    try:
        if main.exists():
            _second_name(main, old / main.name)
        for name in reversed(names[1:]):  # after them the old main file stands alone, and then the new one
            if (target / name).exists():
                moved.append(_moved(target / name, old / name))
        for name in (name for name in names if (new / name).exists()):
            moved.append(_moved(new / name, target / name))
    except BaseException:
        for source, place in reversed(moved):
            if place == main and (old / main.name).exists():
                (old / main.name).replace(main)
            else:
                place.replace(source)
        if made:
            target.rmdir()
        raise


def _moved(source: Path, place: Path) -> tuple[Path, Path]:
    source.replace(place)
    return source, place


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # a file system without hard links
        shutil.copy2(file, name)


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
