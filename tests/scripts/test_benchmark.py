import importlib.util
import json

import pytest


@pytest.mark.slow
@pytest.mark.long
def test_what_the_machine_can_do(script, tmp_path):
    result = script("benchmark", "--tasks=machine", "--turns=1", "--output=speed")
    assert result.returncode == 0, result.stderr
    measured = json.loads((tmp_path / "speed" / "benchmark.json").read_text())
    assert [row["side"] for row in measured["rows"]] == ["float32", "bfloat16"]
    table = (tmp_path / "speed" / "benchmark.md").read_text()
    assert table.splitlines()[2] in result.stdout
    # There is no other to compare with.
    assert sorted(path.name for path in (tmp_path / "speed").iterdir()) == ["benchmark.json", "benchmark.md"]


@pytest.mark.skipif(importlib.util.find_spec("torch") is not None, reason="PyTorch is installed")
def test_peers_that_are_missing_are_named(script):
    result = script("benchmark", "--tasks=machine,training")
    assert result.returncode == 1
    assert "Packages of the benchmark are not installed: torch. Run: pip install -e '.[benchmark]'" in result.stderr
