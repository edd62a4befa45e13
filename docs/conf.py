"""Configures Sphinx for this documentation: sphinx-build --quiet --fail-on-warning docs build/docs"""

import pathlib
import sys

import mnist_keras

sys.path.insert(0, str(pathlib.Path(__file__).parent))

project = "mnist_keras"
author = "The mnist_keras authors"
copyright = "2026, the mnist_keras authors"
version = release = mnist_keras.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.programoutput",
    "line_breaks",
    "public_names",
]
# Tables and figures that the pages include.
exclude_patterns = ["results/**"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# `Digits` in place of `mnist_keras.data.digits.Digits`.
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
# Renders `names` in docstrings as code.
default_role = "code"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = "mnist_keras"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00796b", "color-brand-content": "#00695c"},
    "dark_css_variables": {"color-brand-primary": "#4db6ac", "color-brand-content": "#4db6ac"},
}
