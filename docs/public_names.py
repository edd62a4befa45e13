"""Sphinx extension: types in signatures link to the public names of `mnist_keras`; `RECIPES` lists the recipes."""

import mnist_keras


def resolve_public_name(app, environment, node, content):
    """Returns a link to `mnist_keras.NAME` for a reference to a class by the module that defines it, otherwise None."""
    name = node.get("reftarget", "").rpartition(".")[2]
    if node.get("refdomain") != "py" or name not in mnist_keras.__all__:
        return None
    domain = environment.domains["py"]
    return domain.resolve_xref(environment, node["refdoc"], app.builder, "obj", f"mnist_keras.{name}", node, content)


def list_recipes(app, what, name, value, options, lines):
    """Replaces the docstring of `dict`."""
    if name == "mnist_keras.RECIPES":
        rows = [f"   * - `{recipe.name}`\n     - {recipe.summary}" for recipe in value.values()]
        table = "\n".join([".. list-table::", "   :header-rows: 1", "", "   * - name", "     - summary", *rows])
        lines[:] = ["Dict of all recipes by name.", "", *table.splitlines(), ""]


def setup(app):
    app.connect("autodoc-process-docstring", list_recipes)
    app.connect("missing-reference", resolve_public_name)
    return {"parallel_read_safe": True}
