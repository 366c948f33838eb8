"""Lets the tests of this room make the models of several groupings that those of the likelihood are tested with."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "likelihood"))
