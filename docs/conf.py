"""How the site is built: ``uv run --group docs sphinx-build -W docs site``. Nothing is fetched and nothing sampled."""

import sys
from pathlib import Path

import bayeshlm

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "bayeshlm"
author = "The bayeshlm developers"
project_copyright = author
version = release = bayeshlm.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "myst_nb",
    "docstrings",
    "mathml",
    "api_pages",
    "gallery_page",
    "command_page",
    "notebook_pages",
]
exclude_patterns = ["extensions", "**/.ipynb_checkpoints"]
default_role = "py:obj"  # what a docstring has in single backticks is a name of this package, or plain code

# Formulas are MathML, which browsers draw by themselves: no script, no web font.
html_math_renderer = "mathml"
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_heading_anchors = 3

# Notebooks carry their outputs; those that hold none are shown as they are.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True

autodoc_typehints = "none"  # the docstrings' own types, in words
autodoc_member_order = "bysource"
autosummary_generate = False
add_module_names = False
toc_object_entries_show_parents = "hide"
python_maximum_signature_line_length = 88

highlight_language = "none"  # blocks that name no language: commands and what is printed

html_theme = "furo"
html_title = f"bayeshlm {version}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
templates_path: list[str] = []
