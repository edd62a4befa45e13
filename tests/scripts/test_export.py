"""The export of other people's Keras files by the script."""

import json

from other_models import make_model, write


def test_a_keras_file_of_someone_else_is_exported(script, data_flags, tmp_path):
    write(make_model(), tmp_path / "their net.keras")
    result = script("export", "their net.keras", "--input_range=1", "--formats=float32,float16", *data_flags)
    assert result.returncode == 0, result.stderr
    assert result.stderr == "export.py: their net.keras: input (28, 28), pixels from 0 to 1, logits.\n"
    assert [line.split()[0] for line in result.stdout.splitlines()[1:3]] == ["mnist.tflite", "mnist_float16.tflite"]
    assert "exported to exported/their_net" in result.stdout
    card = json.loads((tmp_path / "exported" / "their_net" / "card.json").read_text())
    assert card["training"]["about"] == "not known"
    evaluated = script("evaluate", "exported/their_net/mnist.tflite", *data_flags)
    assert evaluated.returncode == 0 and evaluated.stderr == ""
    assert f"{card['figures']['correct']}/30" in evaluated.stdout


def test_other_files_are_refused_by_one_message(script, data_flags, tmp_path):
    for name, words in (("net.tflite", "net.tflite is a .tflite file, from which"), ("net.h5", "no such file: net.h5")):
        result = script("export", name, *data_flags)
        assert result.returncode == 1
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
