"""Pages that the build writes itself."""

from pathlib import Path


def write_page(path: Path, text: str) -> None:
    """Write a page unless it stands there already, so that an unchanged one is not read again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
