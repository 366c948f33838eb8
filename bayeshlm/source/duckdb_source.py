"""Sources that DuckDB reads where they lie, as the command line and model files name them: ``duckdb:...``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bayeshlm.errors import FileError
from bayeshlm.source.suggestion import did_you_mean

PREFIX = "duckdb:"
_FORM = re.compile(r"duckdb:(?:///)?(?P<path>[^?]+)(?:\?table=(?P<table>.+))?", re.DOTALL)
_DATABASES = (".db", ".duckdb", ".ddb")
_PARQUET = (".parquet", ".pq")
_HOW = 'write "duckdb:file.db?table=pupils" for a table of a database, "duckdb:folder/*.parquet" for Parquet files'


@dataclass(frozen=True, slots=True)
class DuckDBSource:
    """A table of a DuckDB database, or Parquet files that DuckDB reads as one table.

    Attributes
    ----------
    path : str
        A database; or a Parquet file, or a pattern of such files.
    table : str or None
        Table or view of the database; None for files.

    Examples
    --------
    >>> DuckDBSource.of("duckdb:state.db?table=pupils"), DuckDBSource.of("duckdb:pupils/*.parquet").code()
    (DuckDBSource(path='state.db', table='pupils'), "ibis.duckdb.connect().read_parquet('pupils/*.parquet')")
    """

    path: str
    table: str | None = None

    @classmethod
    def of(cls, text: str) -> DuckDBSource:
        """Read the text of a source; ``duckdb:///file.db?table=t``, as other programs write it, is the same.

        Raises
        ------
        FileError
            It is no such text.
        """
        found = _FORM.fullmatch(text)
        if found is None:
            raise FileError(f"{text} names no source of data: {_HOW}.")
        path, table = found["path"], found["table"]
        if path.lower().endswith(_DATABASES):
            if table is None:
                tables = ", ".join(cls(path)._tables())
                raise FileError(f"{text} names no table: write {PREFIX}{path}?table=... with one of: {tables}.")
        elif table is not None:
            raise FileError(f"{path} is no database ({', '.join(_DATABASES)}), so it has no table {table!r}: {_HOW}.")
        elif not path.lower().endswith(_PARQUET):
            ends = ", ".join((*_DATABASES, *_PARQUET))
            raise FileError(
                f"{path} ends in none of {ends}: {_HOW}. A text file does not say what its columns are: leave out "
                f"{PREFIX} to read it into memory, or make a Parquet file of it first."
            )
        return cls(path, table)

    def at(self, folder: Path) -> DuckDBSource:
        """The source with its path from a folder."""
        return DuckDBSource(str(folder / Path(self.path).expanduser()), self.table)

    @property
    def text(self) -> str:
        """As `of` reads it."""
        return PREFIX + self.path + (f"?table={self.table}" if self.table else "")

    def code(self) -> str:
        """The Python expression of its Ibis table."""
        if self.table is not None:
            return f"ibis.duckdb.connect({self.path!r}, read_only=True).table({self.table!r})"
        return f"ibis.duckdb.connect().read_parquet({self.path!r})"

    def open(self) -> Any:
        """The Ibis table; nothing is read yet.

        Raises
        ------
        FileError
            The package for DuckDB is missing, or the file, or the table.
        """
        if self.table is not None:
            tables = self._tables()
            if self.table not in tables:
                raise FileError(f"{self.path} has no table {self.table!r}. {did_you_mean(self.table, tables)}")
            return self._connected().table(self.table)
        try:
            return _ibis().duckdb.connect().read_parquet(str(Path(self.path).expanduser()))
        except FileError:
            raise
        except Exception as error:
            raise FileError(f"{self.path} cannot be read by DuckDB: {_first_line(error)}.") from error

    def _connected(self) -> Any:
        path = Path(self.path).expanduser()
        if not path.is_file():
            raise FileError(f"There is no file {self.path}. Check the path.")
        try:
            return _ibis().duckdb.connect(str(path), read_only=True)
        except FileError:
            raise
        except Exception as error:
            raise FileError(f"{self.path} is no DuckDB database that can be read: {_first_line(error)}.") from error

    def _tables(self) -> list[str]:
        return sorted(self._connected().list_tables())


def is_duckdb_source(data: object) -> bool:
    """Whether data are named as ``duckdb:...``."""
    return isinstance(data, str) and data.startswith(PREFIX)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _ibis() -> Any:
    try:
        import ibis
    except ImportError as error:
        raise FileError('DuckDB reads this source, and is not installed: pip install "bayeshlm[duckdb]".') from error
    return ibis
