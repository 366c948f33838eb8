"""Model files: the textbook models of ``models/*.toml``, and the files that users write like them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bayeshlm.datasets.codebook import dataset_names
from bayeshlm.errors import FileError
from bayeshlm.faces.model_file_values import (
    Published,
    group_data_of,
    groups_of,
    known_sd_of,
    published_of,
    source_of,
    text_of,
    texts_of,
    weights_of,
)
from bayeshlm.source.suggestion import did_you_mean

if TYPE_CHECKING:
    from bayeshlm.design.survey_weights import SurveyWeights
    from bayeshlm.faces.model import Model

_TEXT_KEYS = ("title", "source", "dataset", "data", "group_data", "group", "equations", "family", "known_sd", "sampler")
_TABLE_KEYS = ("priors", "published", "published_by", "weights")
_OWN_FORM = ("group", "group_data", "known_sd")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """What a model file says; nothing in it is parsed as equations or loaded as data yet.

    Attributes
    ----------
    name : str
        File name without ``.toml``.
    title, source : str
        One line each; the title is the name where the file gives none.
    dataset : str or None
        A shipped data set.
    data : pathlib.Path, str or None
        Data file, or a source of `bayeshlm.source.duckdb_source`; relative paths have been resolved against the model
        file's folder.
    group_data : pathlib.Path, mapping of str to pathlib.Path or None
        File of the groups; of several groupings a file by the grouping's column.
    group : str, tuple of str or None
        Grouping column, or those of several groupings from the inside out.
    equations : str
        The level equations, one combined equation or a formula.
    family : str or None
        Family of a formula's outcome.
    known_sd : str, float or None
        Column with the known SD of each row, or one number, where the equations do not say it.
    sampler : str or None
        As `bayeshlm.Model.fit` takes it, which checks it.
    priors : dict of str to str
        Prior by symbol, such as ``"g01": "Normal(0, 1)"``.
    published : dict of str to Published
        Published numbers by symbol: fixed effects, ``tau_u0``, ``corr_u0_u1``, ``sigma``.
    published_by : dict of str to str
        How the published numbers were computed.
    weights : SurveyWeights or None
    """

    name: str
    title: str
    source: str
    dataset: str | None
    data: Path | str | None
    group_data: Path | Mapping[str, Path] | None
    group: str | tuple[str, ...] | None
    equations: str
    sampler: str | None = None
    priors: Mapping[str, str] = field(default_factory=dict)
    published: Mapping[str, Published] = field(default_factory=dict)
    published_by: Mapping[str, str] = field(default_factory=dict)
    family: str | None = None
    known_sd: str | float | None = None
    weights: SurveyWeights | None = None


def gallery_names() -> tuple[str, ...]:
    """Names of the models that the package carries, in alphabetical order.

    Examples
    --------
    >>> gallery_names()[:2]
    ('attainment-null', 'attainment-verbal')
    """
    return tuple(sorted(path.stem for path in _folder().glob("*.toml")))


def read_model_file(path_or_name: str | Path) -> ModelFile:
    """Read a model of the gallery by its name, or any model file by its path.

    Parameters
    ----------
    path_or_name : str or pathlib.Path
        A name of `gallery_names`, or a path to a TOML file of the same form.

    Returns
    -------
    ModelFile

    Raises
    ------
    FileError
        When there is no such model, or the file is not a model file; the message names the line or the key.

    Examples
    --------
    >>> model = read_model_file("hsb-one-way-anova")
    >>> model.title, model.dataset, model.published["sigma"]
    ('One-way ANOVA with random effects', 'hsb', Published(value='6.2569', se=None))
    """
    path = _find(path_or_name)
    content = _parse(path)
    for key in content:
        if key not in (*_TEXT_KEYS, *_TABLE_KEYS):
            raise FileError(f'{path}: unknown key "{key}". {did_you_mean(key, (*_TEXT_KEYS, *_TABLE_KEYS))}')
    text = {key: text_of(content, key, path) for key in _TEXT_KEYS if key not in _OWN_FORM}
    if text["equations"] is None:
        raise FileError(f"{path} has no equations. {_where_equations_are(content)}")
    if text["dataset"] is not None and text["data"] is not None:
        raise FileError(f"{path} names both a dataset and a data file. Keep one of the two keys.")
    if text["dataset"] is not None and text["dataset"] not in dataset_names():
        raise FileError(
            f'{path}: there is no data set "{text["dataset"]}". '
            f'{did_you_mean(text["dataset"], dataset_names())} A file of your own goes under data = "..."'
        )
    folder = path.resolve().parent
    return ModelFile(
        name=path.stem,
        title=text["title"] or path.stem,
        source=text["source"] or "",
        dataset=text["dataset"],
        data=source_of(text["data"], folder),
        group_data=group_data_of(content, path),
        group=groups_of(content, path),
        equations=text["equations"],
        sampler=text["sampler"],
        priors=texts_of(content, "priors", path, '"Normal(0, 1)"'),
        published=published_of(content, path),
        published_by=texts_of(content, "published_by", path, '"REML"'),
        family=text["family"],
        known_sd=known_sd_of(content, path),
        weights=weights_of(content, path),
    )


def _folder() -> Path:
    """Return ``models/`` of the checkout, else the copy that the wheel carries inside the package."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parent
    return checkout / "models" if (checkout / "pyproject.toml").is_file() else package / "models"


def _find(path_or_name: str | Path) -> Path:
    if str(path_or_name) in gallery_names():
        return _folder() / f"{path_or_name}.toml"
    path = Path(os.path.expanduser(path_or_name))  # as isfile below, no error for what can be no path
    if os.path.isdir(path):
        raise FileError(f"{path} is a directory. Name the model file inside it.")
    if path.suffix.lower() in (".csv", ".tsv", ".parquet", ".pq", ".xlsx"):
        raise FileError(f'{path} is a data file. Name it in a model file (.toml), data = "{path.name}", or by --data.')
    if os.path.isfile(path):
        return path
    if path.suffix.lower() == ".toml" and path.stem not in gallery_names():
        raise FileError(f"There is no model file {path}. Check the path.")
    raise FileError(
        f'There is no model "{path_or_name}". {did_you_mean(path.stem, gallery_names())} '
        "The path of a model file ends in .toml."
    )


def _parse(path: Path) -> dict[str, object]:
    try:
        if path.stat().st_size > 1_000_000:
            raise FileError(f'{path} is too large for a model file (over 1 MB). It names its data, data = "file.csv".')
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 text. Save it as UTF-8.") from error
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path} is not valid TOML: {_quote(str(error), text)}") from error
    except RecursionError as error:
        raise FileError(f"{path} nests brackets too deeply: a model file needs two of them at most.") from error


def _quote(reason: str, text: str) -> str:
    """Add the line and a caret under the character to the parser's reason, and the usual cure."""
    lines, found = text.splitlines(), re.search(r"at line (\d+), column (\d+)", reason)
    number, column = (int(found[1]), int(found[2])) if found else (len(lines), 1)
    line = lines[number - 1] if 0 < number <= len(lines) else ""
    cure = 'Text stands in double quotes, equations of several lines between """ and """.'
    if "\\" in line:
        cure = "In paths write / for \\, or put the path in single quotes, and three single quotes around LaTeX, '''."
    return f"{reason}.\n  {line}\n  {' ' * (column - 1)}^\n{cure}"


def _where_equations_are(content: Mapping[str, object]) -> str:
    for key in (*_TABLE_KEYS, "group_data"):
        table = content.get(key)
        if isinstance(table, dict) and "equations" in table:
            return f"They stand inside [{key}]: move them above the first line in brackets."
    return 'Write them as equations = """...""", above the first line in brackets.'


def open_model(path_or_name: str | Path, data: Any = None) -> Model:
    """Make the model of a gallery name or a model file, on its own data or on others.

    Parameters
    ----------
    path_or_name : str or pathlib.Path
        A name of `gallery_names`, or a path to a TOML file of the same form.
    data : pandas.DataFrame, path of a CSV or Parquet file, Ibis table, or "duckdb:...", optional
        Data in place of those that the file names. ``"duckdb:file.db?table=pupils"`` and ``"duckdb:folder/*.parquet"``
        are read by DuckDB where they lie, larger than memory.

    Returns
    -------
    Model

    Raises
    ------
    FileError
        When the model file or a data file cannot be read, or there are no data.
    EquationError, DataError, PriorError
        When equations, data and priors do not fit together.

    Examples
    --------
    >>> open_model("hsb-one-way-anova").equations("lme4")
    'mathach ~ 1 + (1 | school)'
    """
    from bayeshlm.datasets import load_dataset, read_table
    from bayeshlm.design.rows import label_columns
    from bayeshlm.equations import parse
    from bayeshlm.faces.model import Model
    from bayeshlm.source.duckdb_source import DuckDBSource, is_duckdb_source

    file = read_model_file(path_or_name)
    labels = partial(label_columns, parse(file.equations, family=file.family, known_sd=file.known_sd), file.group)
    if data is None:
        if file.dataset is None and file.data is None:
            raise FileError(f'{file.name} names no data. Add dataset = "hsb" or data = "file.csv", or give --data.')
        data = load_dataset(file.dataset) if file.dataset is not None else file.data
    if isinstance(data, str) and is_duckdb_source(data):
        data = DuckDBSource.of(data).open()
    frame = read_table(data, labels) if isinstance(data, str | Path) else data
    group_data = (
        {name: read_table(path, labels) for name, path in file.group_data.items()}
        if isinstance(file.group_data, Mapping)
        else None
        if file.group_data is None
        else read_table(file.group_data, labels)
    )
    return Model(
        file.equations,
        frame,
        file.group,
        priors=file.priors,
        group_data=group_data,
        weights=file.weights,
        family=file.family,
        known_sd=file.known_sd,
    )
