"""Configures Sphinx for this documentation: sphinx-build --quiet --fail-on-warning docs build/docs"""

import mnist_keras

project = "mnist_keras"
author = "The mnist_keras authors"
copyright = "2026, the mnist_keras authors"
version = release = mnist_keras.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinxcontrib.programoutput",
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
html_title = "mnist_keras"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00796b", "color-brand-content": "#00695c"},
    "dark_css_variables": {"color-brand-primary": "#4db6ac", "color-brand-content": "#4db6ac"},
}
