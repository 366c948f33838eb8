"""The command line: ``bayeshlm fit``, ``bayeshlm models``, ``bayeshlm equations``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bayeshlm.errors import HLMError, SamplingError

DONE, NOT_CONVERGED, WRONG_INPUT, FAILURE, INTERRUPTED = 0, 1, 2, 3, 130

STATUSES = """exit status:
  0    done
  1    sampled but not converged: results are written and the verdict is printed
  2    the input is wrong: one message says what to do
  3    another failure
  130  interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (see `STATUSES`)."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except SamplingError as error:
        return _fail(str(error), FAILURE)
    except HLMError as error:
        return _fail(str(error), WRONG_INPUT)
    except KeyboardInterrupt:
        return _fail("interrupted; nothing was written", INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe has gone, as with `| head`
        return DONE
    except Exception as error:  # the one place that may: the command line owes its user a status, not a traceback
        return _fail(f"{type(error).__name__}: {error}", FAILURE)
    return status


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
    fit.add_argument("--tune", type=int, metavar="N", help="draws of tuning per chain (1000)")
    fit.add_argument("--chains", type=int, default=4, metavar="N", help="independent chains (4)")
    fit.add_argument("--seed", type=int, metavar="N", help="seed of the random numbers; the same seed, the same draws")
    fit.add_argument("--out", type=Path, metavar="DIR", help="write posterior.nc, group_coefficients.csv, summary.json")
    fit.add_argument("--quiet", action="store_true", help="print nothing but errors and a failed verdict")
    fit.set_defaults(run=_fit)

    models = commands.add_parser("models", help="list the gallery, a line each")
    models.set_defaults(run=_models)

    equations = commands.add_parser("equations", help="print a model's equations")
    _add_model(equations)
    equations.add_argument("--as", dest="form", default="levels", choices=("levels", "combined", "latex", "lme4"))
    equations.set_defaults(run=_equations)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a gallery name (see `bayeshlm models`) or a TOML file")
    parser.add_argument("--data", type=Path, metavar="FILE", help="CSV or Parquet in place of the model's own data")


def _fit(options: argparse.Namespace) -> int:
    from bayeshlm.gallery import open_model
    from bayeshlm.results_folder import check_folder, write_results

    if options.out is not None:
        check_folder(options.out)
    model = open_model(options.model, options.data)
    fit = model.fit(
        draws=options.draws,
        tune=options.tune,
        chains=options.chains,
        seed=options.seed,
        progress=False if options.quiet else None,
    )
    if options.out is not None:
        write_results(fit, options.out)
    if not options.quiet:
        print(fit)
    if fit.convergence.converged:
        return DONE
    return _fail("not converged. " + " ".join(fit.convergence.reasons), NOT_CONVERGED)


def _models(options: argparse.Namespace) -> int:
    from bayeshlm.gallery import gallery_names, read_model_file

    names = gallery_names()
    width = max(map(len, names))
    for name in names:
        print(f"{name:<{width}}  {read_model_file(name).title}")
    return DONE


def _equations(options: argparse.Namespace) -> int:
    from bayeshlm.gallery import open_model

    print(open_model(options.model, options.data).equations(options.form))
    return DONE


def _fail(message: str, status: int) -> int:
    print(f"bayeshlm: {message}", file=sys.stderr)
    return status
