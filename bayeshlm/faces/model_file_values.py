"""Values of a model file, each checked as what its key may hold."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from bayeshlm.errors import FileError, OptionError
from bayeshlm.source.duckdb_source import DuckDBSource, is_duckdb_source
from bayeshlm.source.suggestion import did_you_mean

if TYPE_CHECKING:
    from bayeshlm.design.survey_weights import SurveyWeights

_NUMBER = re.compile(r"[+-]?\d*\.?\d+(e[+-]?\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Published:
    """A published estimate and its standard error, kept as printed: the digits set the tolerance of a comparison."""

    value: str
    se: str | None = None


def text_of(content: Mapping[str, object], key: str, path: Path) -> str | None:
    """Text of a key, None where it is left out; FileError where it is something else or empty, as in all of these."""
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FileError(f"{path}: {key} must be text in quotes, not {value!r}.")
    if not value.strip():
        raise FileError(f"{path}: {key} is empty. Fill it in or leave the key out.")
    return value


def groups_of(content: Mapping[str, object], path: Path) -> str | tuple[str, ...] | None:
    """Grouping column, or a list of them: ``group = ["child", "school"]``; None where the equations name them."""
    value = content.get("group")
    if not isinstance(value, list):
        return text_of(content, "group", path)
    if not value or not all(isinstance(name, str) and name.strip() for name in value):
        raise FileError(f'{path}: group must name columns in quotes, group = ["child", "school"], not {value!r}.')
    return tuple(value)


def known_sd_of(content: Mapping[str, object], path: Path) -> str | float | None:
    """Column of known level-1 SDs, or one number; None where the key is left out."""
    value = content.get("known_sd")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if value is not None and not isinstance(value, str):
        raise FileError(f'{path}: known_sd must be a column in quotes, known_sd = "se", or a number, not {value!r}.')
    return text_of(content, "known_sd", path)


def source_of(data: str | None, folder: Path) -> Path | str | None:
    """Data file, or a source that DuckDB reads, relative to the model file."""
    if not data:
        return None
    return DuckDBSource.of(data).at(folder).text if is_duckdb_source(data) else folder / os.path.expanduser(data)


def group_data_of(content: Mapping[str, object], path: Path) -> Path | dict[str, Path] | None:
    """File of the groups, or a table ``[group_data]`` with one for each grouping; relative to the model file."""
    folder, tables = path.resolve().parent, content.get("group_data")
    if tables == {}:
        raise FileError(f'{path}: [group_data] is empty: write a line such as school = "schools.csv" below it.')
    if not isinstance(tables, dict):
        file = text_of(content, "group_data", path)
        return folder / os.path.expanduser(file) if file else None
    files = texts_of(content, "group_data", path, '"schools.csv"')
    return {name: folder / os.path.expanduser(file) for name, file in files.items()}


def _table(content: Mapping[str, object], key: str, path: Path) -> dict[str, object]:
    table = content.get(key, {})
    if not isinstance(table, dict):
        raise FileError(f"{path}: {key} must be a table: a line [{key}] with one entry a line below it.")
    return table


def texts_of(content: Mapping[str, object], key: str, path: Path, example: str) -> dict[str, str]:
    """Table of texts; empty where it is left out."""
    texts: dict[str, str] = {}
    for name, value in _table(content, key, path).items():
        if not isinstance(value, str):
            raise FileError(f"{path}: {name} in [{key}] must be text such as {example}, not {value!r}.")
        texts[name] = value
    return texts


def published_of(content: Mapping[str, object], path: Path) -> dict[str, Published]:
    """Table of published numbers; empty where it is left out."""
    published: dict[str, Published] = {}
    for symbol, entry in _table(content, "published", path).items():
        if not isinstance(entry, dict) or "value" not in entry:
            raise FileError(f'{path}: write {symbol} in [published] as {symbol} = {{ value = "1.23", se = "0.45" }}.')
        for key, printed in entry.items():
            if key not in ("value", "se"):
                raise FileError(f'{path}: unknown key "{key}" for {symbol}. {did_you_mean(key, ("value", "se"))}')
            if not isinstance(printed, str) or not _NUMBER.fullmatch(printed):
                raise FileError(
                    f"{path}: {key} of {symbol} must be a number in quotes, as printed (its digits set the "
                    f'tolerance), such as "1.23", not {printed!r}.'
                )
        published[symbol] = Published(**entry)
    return published


def weights_of(content: Mapping[str, object], path: Path) -> SurveyWeights | None:
    """The table ``[weights]``, whose keys are those of `SurveyWeights`; None where it is left out."""
    table = _table(content, "weights", path)
    if "weights" not in content:
        return None
    from bayeshlm.design.survey_weights import SurveyWeights  # imports pandas, which listing models need not

    known = [one.name for one in fields(SurveyWeights)]
    for key in table:
        if key not in known:
            raise FileError(f'{path}: unknown key "{key}" in [weights]. {did_you_mean(key, known)}')
    if "columns" not in table:
        raise FileError(f'{path}: [weights] needs a line columns = {{ row = "w1", school = "w2" }}.')
    try:
        return SurveyWeights(**table)  # type: ignore[arg-type]
    except OptionError as error:
        raise FileError(f"{path}: {error}") from error
