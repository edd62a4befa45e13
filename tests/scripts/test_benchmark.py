import importlib.util
import json

import pytest


@pytest.mark.slow
@pytest.mark.long
def test_matrix_products_are_measured_in_both_precisions(script, tmp_path):
    result = script("benchmark", "--tasks=machine", "--turns=1", "--output=speed")
    assert result.returncode == 0, result.stderr
    measured = json.loads((tmp_path / "speed" / "benchmark.json").read_text())
    assert [row["contender"] for row in measured["rows"]] == ["float32", "bfloat16"]
    table = (tmp_path / "speed" / "benchmark.md").read_text()
    assert table.splitlines()[2] in result.stdout
    # There is no figure without another library.
    assert sorted(path.name for path in (tmp_path / "speed").iterdir()) == ["benchmark.json", "benchmark.md"]


@pytest.mark.slow
@pytest.mark.long
def test_fused_parts_are_measured(script, tmp_path):
    result = script("benchmark", "--tasks=fused", "--recipes=stack_1", "--turns=1", "--threads=1", "--output=speed")
    assert result.returncode == 0, result.stderr
    rows = json.loads((tmp_path / "speed" / "fused.json").read_text())["rows"]
    assert [row["contender"] for row in rows] == 2 * ["mnist_keras", "without fused SGD"]


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_missing_packages_are_named(script):
    result = script("benchmark", "--tasks=machine,training")
    assert result.returncode == 1
    assert "Packages of the benchmark are not installed: torch. Run: pip install -e '.[benchmark]'" in result.stderr
