"""The command line: ``bayeshlm fit``, ``bayeshlm reml``, ``bayeshlm models``, ``bayeshlm equations``."""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from bayeshlm.errors import HLMError, ModelWarning, SamplingError
from bayeshlm.foreign_text import printable
from bayeshlm.interruption import interrupted_by_every_signal

DONE, NOT_CONVERGED, WRONG_INPUT, FAILURE, INTERRUPTED = 0, 1, 2, 3, 130

STATUSES = """exit status:
  0    done
  1    not converged: results are written and the verdict is printed
  2    the input is wrong: one message says what to do
  3    another failure
  130  interrupted"""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

UNEXPECTED = "This should not happen: please report it, with the model file and the version (bayeshlm --version)."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `STATUSES`)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a name that the terminal cannot show must not cost a fit
    options = _parser().parse_args(arguments)
    with warnings.catch_warnings(), interrupted_by_every_signal():
        warnings.simplefilter("always", ModelWarning)
        warnings.showwarning = _show_warning
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except SamplingError as error:
        return _fail(str(error), FAILURE)
    except HLMError as error:
        return _fail(str(error), WRONG_INPUT)
    except KeyboardInterrupt:
        return _fail(f"interrupted; {_written(options)}", INTERRUPTED)
    except BrokenPipeError:  # the reader of a pipe has gone, as with `| head`
        _drop_output()
        return DONE
    except OSError as error:
        if error.errno not in FULL:
            return _fail(f"{type(error).__name__}: {error}. {UNEXPECTED}", FAILURE)
        _drop_output()
        return _fail(f"the output cannot be written: {error.strerror}; {_written(options)}", FAILURE)
    except Exception as error:  # the one place that may: the command line owes its user a status, not a traceback
        return _fail(f"{type(error).__name__}: {error}. {UNEXPECTED}", FAILURE)
    return status


def _drop_output() -> None:
    """What is left to print must not fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _watch(options: argparse.Namespace, files: dict[Path, Path]) -> None:
    """Remember what stands where files will be written: what the user named, and the file that tells."""
    options.watched = {named: (file, _stamp(file)) for named, file in files.items()}


def _written(options: argparse.Namespace) -> str:
    """What was written until now."""
    watched = getattr(options, "watched", {}).items()
    named = [str(named) for named, (file, before) in watched if _stamp(file) != before]
    return f"{' and '.join(named)} had been written" if named else "nothing was written"


def _stamp(file: Path) -> tuple[int, int] | None:
    if not file.exists():
        return None
    found = file.stat()
    return found.st_ino, found.st_mtime_ns


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bayeshlm",
        description="Bayesian hierarchical linear models from level equations.",
        epilog=STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    from bayeshlm import __version__

    parser.add_argument("--version", action="version", version=f"bayeshlm {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="sample a model and print its results")
    _add_model(fit)
    fit.add_argument("--draws", type=int, default=1000, metavar="N", help="draws kept per chain (1000)")
    fit.add_argument("--tune", type=int, metavar="N", help="draws of tuning per chain (400)")
    fit.add_argument("--chains", type=int, default=4, metavar="N", help="independent chains (4)")
    fit.add_argument("--seed", type=int, metavar="N", help="seed of the random numbers; the same seed, the same draws")
    fit.add_argument(
        "--target-accept", type=float, metavar="P", help="acceptance rate aimed at (0.9); nearer to 1 fewer divergences"
    )
    fit.add_argument(
        "--sampler",
        choices=("auto", "nutpie", "pymc", "importance"),
        help="NUTS by nutpie or PyMC, or importance sampling with NUTS where that does not hold (auto)",
    )
    fit.add_argument("--out", type=Path, metavar="DIR", help="write posterior.nc, tables of the groups, summary.json")
    fit.add_argument(
        "--reml", action="store_true", help="set the estimates of REML, or ML, beside the posterior, with a verdict"
    )
    fit.add_argument("--report", type=Path, metavar="FILE", help="write everything as one HTML page")
    fit.add_argument("--quiet", action="store_true", help="print nothing but errors, warnings and a failed verdict")
    fit.set_defaults(run=_fit)

    reml = commands.add_parser("reml", help="estimate a model by REML, without sampling, and print its results")
    _add_model(reml)
    reml.add_argument("--ml", action="store_true", help="maximum likelihood in place of REML")
    reml.add_argument("--out", type=Path, metavar="FILE.json", help="write the estimates as JSON")
    reml.set_defaults(run=_reml)

    models = commands.add_parser("models", help="list the gallery, a line each")
    models.set_defaults(run=_models)

    from bayeshlm.equations.render import WRITTEN

    equations = commands.add_parser(
        "equations",
        help="print a model's equations, or the model as another program has it",
        epilog="forms:\n" + "\n".join(f"  {one.name:<9} {one.what}" for one in WRITTEN),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_model(equations)
    equations.add_argument(
        "--as",
        dest="form",
        default="levels",
        choices=tuple(one.name for one in WRITTEN),
        metavar="FORM",
        help="one of the forms below (levels)",
    )
    equations.set_defaults(run=_equations)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a gallery name (see `bayeshlm models`) or a TOML file")
    parser.add_argument(
        "--data",
        type=_source,
        metavar="FILE",
        help="CSV or Parquet in place of the model's own data; or what DuckDB reads where it lies, larger than memory: "
        "duckdb:folder/*.parquet, duckdb:file.db?table=pupils",
    )


def _source(text: str) -> Path | str:
    from bayeshlm.source.duckdb_source import is_duckdb_source

    return text if is_duckdb_source(text) else Path(text)


def _fit(options: argparse.Namespace) -> int:
    from bayeshlm.commands.results_folder import POSTERIOR, check_folder, write_results
    from bayeshlm.faces.gallery import open_model, read_model_file
    from bayeshlm.text_file import check_file

    named = {options.out: options.out and options.out / POSTERIOR, options.report: options.report}
    _watch(options, {name: file for name, file in named.items() if name is not None})
    if options.out is not None:
        check_folder(options.out)
    if options.report is not None:
        check_file(options.report, "--report", "report.html")
    file, model = read_model_file(options.model), open_model(options.model, options.data)
    if options.reml:
        from bayeshlm.reml.classical import classical_estimate

        classical_estimate(model.design)  # data that REML cannot fit are refused before anything is sampled
    progress = False if options.quiet else None
    sampler: Any = options.sampler or file.sampler or "auto"  # which fit checks
    fit = model.fit(
        draws=options.draws,
        tune=options.tune,
        chains=options.chains,
        seed=options.seed,
        sampler=sampler,
        target_accept=options.target_accept,
        progress=progress,
    )
    if options.out is not None:
        write_results(fit, options.out, options.reml)
    if options.report is not None:
        data = options.data or file.dataset or file.data or ""
        fit.report(options.report, title=file.title, source=file.source, data=data, progress=progress)
    if not options.quiet:
        print(fit)
        if options.reml:
            print(f"\n{fit.cross_check()}")
        options.in_database = model.design.rows is None
        _tell_files(options)
    if fit.convergence.converged:
        return DONE
    return _fail("not converged. " + " ".join(fit.convergence.reasons), NOT_CONVERGED)


def _tell_files(options: argparse.Namespace) -> None:
    """Say what was written, and what reads it."""
    from bayeshlm.commands.results_folder import GROUPS, POSTERIOR, SUMMARY

    if options.out is not None:
        reads = f'hlm.load("{POSTERIOR}"{", data=table" if options.in_database else ""})'
        print(f"\nWritten to {options.out}: {POSTERIOR} (read it by {reads}), {GROUPS}, {SUMMARY}.")
    if options.report is not None:
        print(f"\nThe report is {options.report}; open it in a browser.")


def _reml(options: argparse.Namespace) -> int:
    from bayeshlm.commands.reml_file import write_reml
    from bayeshlm.faces.gallery import open_model
    from bayeshlm.text_file import check_file

    if options.out is not None:
        _watch(options, {options.out: options.out})
        check_file(options.out, "--out", "reml.json")
    model = open_model(options.model, options.data)
    fit = model.ml() if options.ml else model.reml()
    if options.out is not None:
        write_reml(fit, options.out)
    print(fit)
    if fit.converged:
        return DONE
    return _fail("not converged. The search for the estimates did not end at a minimum.", NOT_CONVERGED)


def _models(options: argparse.Namespace) -> int:
    from bayeshlm.faces.gallery import gallery_names, read_model_file

    names = gallery_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:<{width}}  {read_model_file(name).title}")
    return DONE


def _equations(options: argparse.Namespace) -> int:
    from bayeshlm.faces.gallery import open_model

    print(printable(open_model(options.model, options.data).equations(options.form)))
    return DONE


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning about the user's model as a message, any other as Python does."""
    ours = issubclass(category, ModelWarning)
    text = (
        f"bayeshlm: warning: {message}\n" if ours else warnings.formatwarning(message, category, filename, lineno, line)
    )
    (file or sys.stderr).write(text)


def _fail(message: str, status: int) -> int:
    with contextlib.suppress(OSError):  # a full or closed standard error has nobody to tell
        print(f"bayeshlm: {printable(message)}", file=sys.stderr)
    return status
