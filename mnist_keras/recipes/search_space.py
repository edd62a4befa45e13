"""Search spaces: which fields of a recipe a hyperparameter search varies, and how. Must not import TensorFlow."""

import ast
import dataclasses
import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mnist_keras.errors import InputError, is_number
from mnist_keras.recipes.recipe import Recipe
from mnist_keras.recipes.registry import change_recipe

# Fields that a trial can vary, beside augmentation.NAME and network_options.NAME. The other ones decide nothing, or
# only after the training, or train several networks.
FIELDS = (
    *("network", "mean", "std", "optimizer", "learning_rate", "momentum", "weight_decay", "schedule"),
    *("warmup_fraction", "label_smoothing", "batch_size", "epochs", "synthetic_examples"),
)
_GROUPS = ("augmentation", "network_options")
_FORM = "FIELD=log(LOW,HIGH), uniform(LOW,HIGH), integer(LOW,HIGH) or choice(A,B,...), separated by commas"
_NUMBERS = {field.name for field in dataclasses.fields(Recipe) if field.type is float}
# Digits of a sampled number: enough for a search, and short in a command.
_DIGITS = 4
# The default space varies these fields of an augmentation, and these if there is none.
_AUGMENTATION = ("rotation", "shift", "shear", "elastic")
_NEW_AUGMENTATION = {"augmentation.rotation": (0.0, 15.0), "augmentation.shift": (0.0, 0.1)}


@dataclasses.dataclass(frozen=True)
class Dimension:
    """The values of one field in a search.

    Raises:
        InputError: the limits are no numbers in ascending order, or there are fewer than two different choices.
    """

    #: "log": numbers, uniform by their logarithm; "uniform"; "integer": whole numbers; "choice": one of `values`.
    kind: str
    #: Minimum and maximum, or the choices.
    values: tuple[Any, ...]

    def __post_init__(self):
        numbers, values = all(map(is_number, self.values)), self.values
        expected = {
            "log": "two numbers, 0 < LOW < HIGH",
            "uniform": "two numbers, LOW < HIGH",
            "integer": "two whole numbers, LOW < HIGH",
            "choice": "at least two different values",
        }[self.kind]
        if self.kind == "choice":
            is_valid = len(values) > 1 and len(set(map(repr, values))) == len(values)
        else:
            is_valid = len(values) == 2 and numbers and values[0] < values[1]
        if self.kind == "log":
            is_valid = is_valid and values[0] > 0
        if self.kind == "integer":
            is_valid = is_valid and all(type(value) is int for value in values)
        if not is_valid:
            raise InputError(f"{self.kind} takes {expected}. Received: {self}")
        if self.kind in ("log", "uniform"):
            object.__setattr__(self, "values", tuple(map(float, values)))

    def __str__(self) -> str:
        return f"{self.kind}({','.join(map(repr, self.values))})"

    def decode(self, sampled: Any) -> Any:
        """Returns the field's value for a sampled one: a choice is sampled by its `repr`, which JSON can hold."""
        if self.kind == "choice":
            return next(value for value in self.values if repr(value) == sampled)
        if self.kind == "integer":
            return int(sampled)
        low, high = self.values
        return min(max(float(f"{sampled:.{_DIGITS}g}"), low), high)

    def encode(self, value: Any) -> Any:
        """Returns what `decode` makes this value from; None if it is outside of the dimension."""
        if self.kind == "choice":
            return repr(value) if repr(value) in map(repr, self.values) else None
        return value if is_number(value) and self.values[0] <= value <= self.values[1] else None


@dataclasses.dataclass(frozen=True)
class SearchSpace:
    """The dimensions of a hyperparameter search by the names of their fields, such as "augmentation.rotation"."""

    dimensions: Mapping[str, Dimension]

    def __str__(self) -> str:
        return ", ".join(f"{name}={dimension}" for name, dimension in self.dimensions.items())

    def recipe(self, recipe: Recipe, sampled: Mapping[str, Any]) -> Recipe:
        """Returns a recipe with the values of a trial.

        Args:
            recipe: the recipe that is varied.
            sampled: a value of each dimension, or of some, as `Dimension.decode` takes them.

        Raises:
            InputError: a value is out of range.
        """
        return _changed(recipe, {name: self.dimensions[name].decode(value) for name, value in sampled.items()})

    def values(self, recipe: Recipe) -> dict[str, Any]:
        """Returns the recipe's own value of each dimension; None for an option that it leaves to its network."""
        return {name: _value(recipe, name) for name in self.dimensions}

    def sample_of(self, recipe: Recipe) -> dict[str, Any] | None:
        """Returns the sample that gives this recipe; None if one of its values is outside of the space."""
        values = self.values(recipe).items()
        sample = {name: self.dimensions[name].encode(value) for name, value in values}
        return None if None in sample.values() else sample

    def corners(self, recipe: Recipe) -> Iterator[Recipe]:
        """Yields the recipes with minimum, maximum or each choice of any two fields: no check involves three.

        Raises:
            InputError: such a recipe is out of range.
        """
        for names in itertools.combinations(self.dimensions, min(2, len(self.dimensions))):
            for values in itertools.product(*(self.dimensions[name].values for name in names)):
                corner = dict(zip(names, values, strict=True))
                try:
                    yield _changed(recipe, corner)
                except InputError as error:
                    text = ", ".join(f"{name}={value!r}" for name, value in corner.items())
                    raise InputError(f"The search space contains an invalid recipe, with {text}: {error}") from error


def parse_space(text: str) -> SearchSpace:
    """Parses "learning_rate=log(1e-4,1e-2), batch_size=choice(64,128)". Evaluates no code.

    Raises:
        InputError: the text has another form, or a field is unknown or cannot be varied.
    """
    try:
        # Python's grammar has no dot in the name of an argument.
        without_dots = re.sub(r"(\w+)[.](\w+) *=", r"\1__\2=", text)
        call = ast.parse(f"f({without_dots})", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or not call.keywords:
            raise ValueError("no fields")
        parsed = [(_field(word.arg), *_parse_call(word.value)) for word in call.keywords]
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InputError(f"A search space is {_FORM}. Received: {text!r}") from error
    dimensions: dict[str, Dimension] = {}
    for name, kind, values in parsed:
        group, dot, _ = name.partition(".")
        if name not in FIELDS and not (dot and group in _GROUPS):
            known = ", ".join((*FIELDS, *(f"{group}.NAME" for group in _GROUPS)))
            raise InputError(f"A search cannot vary {name!r}. Expected one of: {known}")
        if name in dimensions:
            raise InputError(f"A search space has each field once. Received: {name} twice. Leave one out.")
        if name in _NUMBERS:
            values = tuple(float(value) if is_number(value) else value for value in values)
        try:
            dimensions[name] = Dimension(kind, values)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
    return SearchSpace(dimensions)


def _field(argument: str | None) -> str:
    if argument is None:
        raise ValueError("no name")
    return argument.replace("__", ".")


def _parse_call(node: ast.expr) -> tuple[str, tuple[Any, ...]]:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)) or node.keywords:
        raise ValueError("no call")
    if node.func.id not in ("log", "uniform", "integer", "choice"):
        raise ValueError(node.func.id)
    # Words need no quotes: choice(adam,adamw).
    words = (each.id if isinstance(each, ast.Name) else ast.literal_eval(each) for each in node.args)
    return node.func.id, tuple(words)


def default_space(recipe: Recipe, fixed: Collection[str] = ()) -> SearchSpace:
    """Returns a space around a recipe's learning rate, weight decay or momentum, label smoothing, batch size and
    augmentation, without the fixed fields.
    """
    rate, decay, size = recipe.learning_rate, recipe.weight_decay, recipe.batch_size
    space = {"learning_rate": Dimension("log", (rate / 4, rate * 4))}
    if decay:
        space["weight_decay"] = Dimension("log", (decay / 10, min(decay * 10, 0.5)))
    if recipe.optimizer == "sgd":
        space["momentum"] = Dimension("uniform", (0, 0.98))
    space["label_smoothing"] = Dimension("uniform", (0, 0.2))
    if size > 1:
        space["batch_size"] = Dimension("choice", (size // 2, size, size * 2))
    limits = _NEW_AUGMENTATION
    if recipe.augmentation:
        strengths = {name: getattr(recipe.augmentation, name) for name in _AUGMENTATION}
        limits = {f"augmentation.{name}": (0.0, 2 * value) for name, value in strengths.items() if value}
    space |= {name: Dimension("uniform", pair) for name, pair in limits.items()}
    return SearchSpace({name: each for name, each in space.items() if name.partition(".")[0] not in fixed})


def _changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    changes: dict[str, Any] = {}
    for name, value in values.items():
        group, dot, key = name.partition(".")
        if dot:
            changes.setdefault(group, {})[key] = value
        else:
            changes[name] = value
    return change_recipe(recipe, changes)


def _value(recipe: Recipe, name: str) -> Any:
    group, _, key = name.partition(".")
    value = getattr(recipe, group)
    if group == "network_options":
        return value.get(key)
    return getattr(value, key, 0.0) if group == "augmentation" else value
