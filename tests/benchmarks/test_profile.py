from mnist_keras.benchmarks.profile import Part, profile_steps, profile_table


def test_the_operations_of_a_step():
    parts = profile_steps("stack_1", mixed_precision=False, threads=1, steps=5)
    calls = {part.operation: part.calls for part in parts}
    # Two layers of weights and biases, each updated once a step.
    assert calls["ResourceApplyKerasMomentum"] == 4
    assert sorted(parts, key=lambda part: -part.milliseconds) == parts


def test_a_table_with_shares():
    parts = [Part("MatMul", 2, 3.0), Part("Relu", 1, 0.5), Part("Cast", 4, 0.5)]
    assert profile_table("cnn", parts, most=1).splitlines() == [
        "| cnn: operation | calls a step | ms a step | share |",
        "|---|---|---|---|",
        "| MatMul | 2 | 3.00 | 75 % |",
        "| all others | 5 | 1.00 | 25 % |",
    ]
