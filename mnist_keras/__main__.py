"""The `mnist-keras` command: runs a script by its name, as in `mnist-keras train --model=cnn`."""

import ast
import pathlib
import runpy
import sys

from mnist_keras import cli
from mnist_keras.files import project_folder

_SCRIPTS = project_folder("scripts")


def main() -> None:
    """Runs the script named by the first argument with the other arguments.

    Without an argument, or with --help, prints the list of scripts; with --version, the version. An unknown name exits
    with status 2.
    """
    name, *arguments = sys.argv[1:] or ["--help"]
    commands = {path.stem: path for path in sorted(_SCRIPTS.glob("*.py")) if not path.stem.endswith("_flags")}
    if name in commands:
        sys.argv[1:] = arguments
        # Python does the same for a script: scripts import their flags from their own folder.
        sys.path.insert(0, str(_SCRIPTS))
        cli.INVOKED_AS = f"mnist-keras {name}"
        runpy.run_path(str(commands[name]), run_name="__main__")
        return
    width = max(map(len, commands))
    lines = [f"  {command:<{width}}  {_summary(path)}" for command, path in commands.items()]
    usage = "\n".join(["usage: mnist-keras COMMAND [--flag=value ...]", "", *lines, "", "mnist-keras COMMAND --help"])
    cli.prepare_output()
    if name in ("--help", "-help", "-h", "help"):
        try:
            print(usage, flush=True)
        except BrokenPipeError:
            cli.exit_on_broken_pipe()
        return
    if name == "--version":
        cli.print_version()
        return
    print(f"mnist-keras: there is no command {name!r}.\n{usage}", file=sys.stderr)
    sys.exit(2)


def _summary(script: pathlib.Path) -> str:
    """The first line of a script's docstring."""
    return (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").partition("\n")[0]


if __name__ == "__main__":
    main()
