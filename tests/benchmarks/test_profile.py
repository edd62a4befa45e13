from mnist_keras.benchmarks.profile import OperationCost, profile_steps, profile_table


def test_a_profile_counts_the_operations_of_a_step():
    costs = profile_steps("stack_1", mixed_precision=False, threads=1, steps=5)
    calls = {cost.operation: cost.calls for cost in costs}
    # Two layers with weights and biases, each updated once per step.
    assert calls["ResourceApplyKerasMomentum"] == 4
    assert sorted(costs, key=lambda cost: -cost.milliseconds) == costs


def test_the_table_of_a_profile_sums_up_cheap_operations():
    costs = [OperationCost("MatMul", 2, 3.0), OperationCost("Relu", 1, 0.5), OperationCost("Cast", 4, 0.5)]
    assert profile_table("cnn", costs, maximum=1).splitlines() == [
        "| cnn: operation | calls per step | CPU ms per step | share |",
        "|---|---|---|---|",
        "| MatMul | 2 | 3.00 | 75 % |",
        "| all others | 5 | 1.00 | 25 % |",
    ]
