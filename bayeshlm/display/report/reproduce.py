"""How to do it again: Python code, a model file, the command, and the versions that ran."""

from __future__ import annotations

import json
import platform

import pandas as pd

from bayeshlm.datasets.codebook import dataset_names
from bayeshlm.design.columns import NUMBER
from bayeshlm.design.design import Design
from bayeshlm.design.rows import label_columns
from bayeshlm.display.blocks import Grid, Section
from bayeshlm.display.report.elements import code, paragraph, shown, subheading
from bayeshlm.display.report.subject import Subject
from bayeshlm.equations import render
from bayeshlm.sampling.options import sampling_options
from bayeshlm.source.duckdb_source import DuckDBSource, is_duckdb_source
from bayeshlm.source.table_files import MISSING

PLACEHOLDER = "your-data.csv"
DATABASE = DuckDBSource("your-database.db", "your_table")
"""In place of a table that is not known by name."""


def reproduce_section(subject: Subject) -> str:
    """The whole section."""
    seed = subject.fitted.options.seed
    rows = tuple(subject.fitted.versions.items())
    python = paragraph(
        f"The same code, data, seed ({seed}) and versions give the same draws on the same kind of processor."
    )
    return "".join(
        (
            python,
            subheading("Python"),
            code(python_code(subject), "Python code"),
            subheading("Model file"),
            paragraph(f"Saved as model.toml, it runs from a shell: {command(subject)}", *_not_in_command(subject)),
            code(toml_text(subject), "Model file"),
            subheading("Versions"),
            shown(Grid("Packages that sampled", ("package", "version"), (Section("", rows),), n_labels=2)),
            paragraph(f"Report written by Python {platform.python_version()} on {platform.system()}."),
        )
    )


def python_code(subject: Subject) -> str:
    """Code that fits the model again.

    Its data are the rows of one table; where they are not known by name a placeholder stands for their file.
    """
    options = [f"{name}={value}" for name, value in _counts(subject).items()]
    options += [f"{name}={value!r}" for name, value in _changed(subject).items()]
    priors = typed_priors(subject)
    lines = ["import bayeshlm as hlm"]
    if _in_database(subject):
        lines.append("import ibis")
    elif subject.data not in dataset_names():
        lines.append("import pandas as pd")
    lines += ["", "model = hlm.Model(", f"    {_quoted(_equations(subject))},", f"    data={_data(subject)},"]
    groupings = list(subject.design.groupings)
    lines.append(f"    group={(groupings if len(groupings) > 1 else groupings[0])!r},")
    if priors:
        lines.append(f"    priors={priors!r},")
    if subject.design.weights is not None:
        lines.append(f"    weights=hlm.{subject.design.weights.survey!r},")
    lines += [")", f"fit = model.fit({', '.join(options)})", 'fit.report("report.html")']
    return "\n".join(lines)


def toml_text(subject: Subject) -> str:
    """The model as a TOML file, as `bayeshlm.open_model` reads it."""
    known = subject.data in dataset_names()
    lines = [f"title = {_basic(subject.heading)}"]
    if subject.source:
        lines.append(f"source = {_basic(subject.source)}")
    placeholder = DATABASE.text if _in_database(subject) else PLACEHOLDER
    lines.append(f"dataset = {_basic(subject.data)}" if known else f"data = {_basic(subject.data or placeholder)}")
    named = [_basic(name) for name in subject.design.groupings]
    lines.append(f"group = {named[0] if len(named) == 1 else f'[{", ".join(named)}]'}")
    text = _equations(subject)
    if "'''" in text or any(ord(char) < 32 and char != "\n" for char in text):
        lines.append(f"equations = {_basic(text)}")
    else:
        lines.append(f"equations = '''\n{text}\n'''")
    priors = typed_priors(subject)
    if priors:
        lines += ["", "[priors]", *(f"{_basic(key)} = {_basic(text)}" for key, text in priors.items())]
    return "\n".join([*lines, *_weights_lines(subject.design)])


def _weights_lines(design: Design) -> list[str]:
    """The table of sampling weights of a model file."""
    if design.weights is None:
        return []
    survey = design.weights.survey
    columns = ", ".join(f"{_basic(level)} = {_basic(name)}" for level, name in survey.columns.items())
    lines = ["", "[weights]", f"columns = {{ {columns} }}", f"scaling = {_basic(survey.scaling)}"]
    lines += [f"{name} = {_basic(value)}" for name in ("strata", "psu") if (value := getattr(survey, name))]
    if survey.replicates:
        factor = survey.factor if not isinstance(survey.factor, tuple) else list(survey.factor)
        how = f"fay = {survey.fay!r}" if factor is None else f"factor = {factor!r}"
        lines += [f"replicates = [{', '.join(map(_basic, survey.replicates))}]", how]
    return lines


def command(subject: Subject) -> str:
    """The command that runs the model file with the same numbers of draws and the same seed."""
    options = " ".join(f"--{name} {value}" for name, value in _counts(subject).items())
    if "target_accept" in _changed(subject):
        options += f" --target-accept {subject.fitted.options.target_accept!r}"
    if "sampler" in _changed(subject):
        options += f" --sampler {subject.fitted.options.sampler}"
    return f"bayeshlm fit model.toml {options} --report report.html"


def _counts(subject: Subject) -> dict[str, int]:
    """Options of `Model.fit` that are always given."""
    return {name: getattr(subject.fitted.options, name) for name in ("draws", "tune", "chains", "seed")}


def _changed(subject: Subject) -> dict[str, str | float]:
    """Options of `Model.fit` beside the counts that were not left at their defaults."""
    used, default = subject.fitted.options, sampling_options(seed=0)
    names = ("target_accept", "sampler", "parameterization")
    return {name: getattr(used, name) for name in names if getattr(used, name) != getattr(default, name)}


def _not_in_command(subject: Subject) -> list[str]:
    """Say which options of the fit the command line does not have."""
    missing = [name for name in _changed(subject) if name == "parameterization"]
    if not missing:
        return []
    return [f"The command line has no option for {' and '.join(missing)}: only the Python code repeats this fit."]


def typed_priors(subject: Subject) -> dict[str, str]:
    """The priors that the user gave, by key."""
    priors = subject.fitted.priors
    return {key: text for key, text in priors.texts().items() if key in priors.typed}


def _equations(subject: Subject) -> str:
    return render(subject.design.spec, "levels", subject.design.groupings)


def _in_database(subject: Subject) -> bool:
    """Whether the rows stayed in a database."""
    return subject.design.rows is None


def _data(subject: Subject) -> str:
    if subject.data in dataset_names():
        return f"hlm.load_dataset({subject.data!r})"
    if _in_database(subject):
        return (DuckDBSource.of(subject.data) if is_duckdb_source(subject.data) else DATABASE).code()
    path = subject.data or PLACEHOLDER
    if path.lower().endswith((".parquet", ".pq")):
        return f"pd.read_parquet({path!r})"
    return f"pd.read_csv({path!r}{_as_labels(subject.design)})"


def _as_labels(design: Design) -> str:
    """What pandas has to be told to read ids and categories as the fit had them."""
    frame, kinds = design.frame, {}
    for name in sorted(label_columns(design.spec, design.groupings, list(frame.columns))):
        if isinstance(frame[name].dtype, pd.Int64Dtype):
            kinds[name] = '"Int64"'
        elif any(isinstance(value, str) and NUMBER.fullmatch(value) for value in frame[name].unique()):
            kinds[name] = "str"
    listed = ", ".join(f"{name!r}: {kind}" for name, kind in kinds.items())
    missing = (
        frame.select_dtypes(exclude="number")
        .isin(["None", "null", "NULL", "n/a", "N/A", "NA", "#N/A", "<NA>"])
        .any(axis=None)
    )
    marks = f", keep_default_na=False, na_values={list(MISSING)}" if missing else ""
    return (f", dtype={{{listed}}}" if listed else "") + marks


def _quoted(text: str) -> str:
    """A Python literal of several lines."""
    if '"""' in text or "\\" in text or text.endswith('"') or not text.replace("\n", "").isprintable():
        return repr(text)
    indented = text.replace("\n", "\n    ")
    return f'"""\n    {indented}\n    """'


def _basic(text: str) -> str:
    """A TOML string on one line; JSON's escapes are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
