"""Describes the flags of a script for --help, which lists the rarer ones by name, and for --helpfull."""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import ParamSpec

from absl import flags

P = ParamSpec("P")
# A flag belongs to the script that calls the decorated function.
flags.disclaim_key_flags()

# Names of the flags of each group, by its title.
_groups: dict[str, list[str]] = {}


def flag_group(title: str) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Decorates a function that defines flags: --help lists them as a group with this title."""

    def decorate(define: Callable[P, None]) -> Callable[P, None]:
        @functools.wraps(define)
        def define_group(*args: P.args, **kwargs: P.kwargs) -> None:
            before = set(flags.FLAGS)
            define(*args, **kwargs)
            _groups.setdefault(title, []).extend(name for name in flags.FLAGS if name not in before)

        return define_group

    return decorate


def describe_flags(common: Sequence[str] = (), full: bool = True) -> str:
    """Returns the script's flags by group, the common ones first.

    Args:
        common: names of the flags that most users need, in the order in which they are described.
        full: describe all flags; False: of those that are not common, list only the names. Without common flags, all
            are described.
    """
    defined = {flag.name: flag for flag in flags.FLAGS.get_key_flags_for_module(sys.argv[0])}
    parts = [_describe_group("Common flags", [defined.pop(name) for name in common])] if common else []
    groups = {title: sorted(defined.keys() & set(names)) for title, names in _groups.items()}
    others = sorted(defined.keys() - {name for names in groups.values() for name in names})
    # The flags of a script without common ones come first.
    groups = groups | {"Other flags": others} if common else {"Flags": others} | groups
    for title, names in groups.items():
        if names and (full or not common):
            parts.append(_describe_group(title, [defined[name] for name in names]))
        elif names:
            text = ", ".join(f"--{name}" for name in names)
            parts.append(f"{title}:\n{flags.text_wrap(text, indent='  ')}")
    return "\n\n".join(parts)


def _describe_group(title: str, group: Sequence[flags.Flag]) -> str:
    return "\n".join([f"{title}:", *map(_describe_flag, group)])


def _describe_flag(flag: flags.Flag) -> str:
    name = f"--[no]{flag.name}" if flag.boolean else f"--{flag.name}"
    details = []
    bounds = getattr(flag.parser, "lower_bound", None), getattr(flag.parser, "upper_bound", None)
    if None not in bounds:
        details.append(f"{bounds[0]} to {bounds[1]}")
    # Most boolean flags are off.
    if flag.default_as_str and flag.default is not False:
        details.append(f"default: {flag.default_as_str[1:-1]}")
    text = f"{name}: {flag.help}" + (f" ({'; '.join(details)})" if details else "")
    return flags.text_wrap(text, indent="      ", firstline_indent="  ")
