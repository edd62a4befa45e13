"""Uploads an export to a model repository of Hugging Face.

    python scripts/push.py exported/compact_1k --repository=user/digits --dry_run
    python scripts/push.py exported/compact_1k --repository=user/digits

The files must be those that card.json describes, by their SHA-256; other files of the folder are not uploaded.
README.md is the model card; its first lines, in YAML, are what Hugging Face searches and shows. A repository that
does not exist is created. The upload needs the extra hub (pip install -e '.[hub]') and a token of Hugging Face, from
`hf auth login` or in the variable HF_TOKEN; --dry_run needs neither.
"""

import pathlib

from absl import flags

from mnist_keras import cli

flags.DEFINE_string("repository", None, "name of the model repository, as in user/name")
flags.DEFINE_bool("private", False, "make a new repository private")
flags.DEFINE_bool("dry_run", False, "check the files, print them and the front matter, and upload nothing")
flags.mark_flag_as_required("repository")
FLAGS = flags.FLAGS


def main(arguments):
    from mnist_keras.export.hub import check_repository, front_matter, push_export, read_export

    folder = pathlib.Path(arguments[0])
    if not FLAGS.dry_run:
        print(push_export(folder, FLAGS.repository, FLAGS.private))
        return
    check_repository(FLAGS.repository)
    files = read_export(folder)
    sizes = [(folder / file).stat().st_size for file in files]
    for file, size in zip(files, sizes, strict=True):
        print(f"{size:>12,}  {file.as_posix()}")
    print(f"{sum(sizes):>12,}  bytes in {len(files)} files\n\n{front_matter(folder)}\n")
    print(f"Nothing was uploaded. Without --dry_run the files go to https://huggingface.co/{FLAGS.repository}")


if __name__ == "__main__":
    cli.run(main, arguments="EXPORT")
