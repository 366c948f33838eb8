"""The command line's page: what ``--help`` prints of every command."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from written_page import write_page

COMMANDS = ("", "fit", "reml", "models", "equations")
TOP = """# Command line

Two commands are enough for most work: `bayeshlm fit MODEL` samples, `bayeshlm reml MODEL` estimates without sampling.
`MODEL` is a name from the [gallery](gallery) or a TOML file of your own.
"""


def printed_help(command: str) -> str:
    """What ``bayeshlm COMMAND --help`` prints, 100 columns wide."""
    words = [sys.executable, "-c", "from bayeshlm.commands.cli import main; main()", *command.split(), "--help"]
    environment = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.rstrip()


def write_commands(app: Sphinx) -> None:
    """Write ``docs/command_line.md``."""
    sections = [
        f"## `{f'bayeshlm {command}'.strip()}`\n\n```text\n{printed_help(command)}\n```" for command in COMMANDS
    ]
    write_page(Path(app.srcdir) / "command_line.md", "\n\n".join([TOP, *sections]) + "\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the page before Sphinx looks for its sources."""
    app.connect("builder-inited", write_commands)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
