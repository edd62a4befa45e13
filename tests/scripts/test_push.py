from mnist_keras.files import project_folder

EXPORT = project_folder("exported") / "compact_1k"


def test_a_dry_run_lists_files_sizes_and_front_matter(script):
    result = script("push", EXPORT, "--repository=user/digits", "--dry_run")
    assert result.returncode == 0, result.stderr
    assert f"{(EXPORT / 'mnist.tflite').stat().st_size:>12,}  mnist.tflite\n" in result.stdout
    assert f"\n\n{(EXPORT / 'README.md').read_text().split('---')[1].strip()}\n\n" in result.stdout
    assert result.stdout.endswith("go to https://huggingface.co/user/digits\n")


def test_a_folder_that_is_no_export_ends_with_one_message(script, tmp_path):
    result = script("push", tmp_path, "--repository=user/digits", "--dry_run")
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "is no export" in result.stderr


def test_the_repository_is_a_required_flag(script):
    result = script("push", EXPORT)
    assert result.returncode == 2
    assert "--repository" in result.stderr
