"""The example for microcontrollers, compiled against declarations of TensorFlow Lite Micro, runs a shipped model."""

import ctypes
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from mnist_keras.files import project_folder
from mnist_keras.inference.c_array import read_c_array

EXAMPLE = project_folder("exported").parent / "examples" / "microcontroller"
MODEL = project_folder("exported") / "compact_1k"

# TensorFlow Lite Micro's C++ interface, as far as the example uses it. Invoke calls a function of the test.
DECLARATIONS = """
#pragma once
#include <cstddef>
#include <cstdint>
enum TfLiteStatus { kTfLiteOk, kTfLiteError };
union TfLitePtrUnion { int8_t* int8; };
struct TfLiteTensor { TfLitePtrUnion data; };
extern "C" { int (*run_model)(const int8_t*, int8_t*); }
namespace tflite {
struct Model {};
inline const Model* GetModel(const void* data) { return static_cast<const Model*>(data); }
template <unsigned int count> struct MicroMutableOpResolver {
  unsigned int added = 0;
  TfLiteStatus AddConv2D() { return Add(); }
  TfLiteStatus AddDepthwiseConv2D() { return Add(); }
  TfLiteStatus AddFullyConnected() { return Add(); }
  TfLiteStatus AddMaxPool2D() { return Add(); }
  TfLiteStatus AddSoftmax() { return Add(); }
  TfLiteStatus Add() { return ++added <= count ? kTfLiteOk : kTfLiteError; }
};
class MicroInterpreter {
 public:
  template <unsigned int count>
  MicroInterpreter(const Model*, const MicroMutableOpResolver<count>&, uint8_t*, size_t) {}
  TfLiteStatus AllocateTensors() { return kTfLiteOk; }
  TfLiteTensor* input(int) { return &input_; }
  TfLiteTensor* output(int) { return &output_; }
  TfLiteStatus Invoke() { return run_model(in_, out_) ? kTfLiteError : kTfLiteOk; }
 private:
  int8_t in_[784], out_[10];
  TfLiteTensor input_{{in_}}, output_{{out_}};
};
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    if shutil.which("g++") is None:
        pytest.skip("needs g++")
    folder = tmp_path_factory.mktemp("microcontroller")
    source = (EXAMPLE / "digit_classifier.cc").read_text()
    for name in re.findall(r'#include "(tensorflow/.*)"', source):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('#include "tensorflow/declarations.h"\n')
    (folder / "tensorflow" / "declarations.h").write_text(DECLARATIONS)
    warnings = ["-Wall", "-Wextra", "-Werror", "-fPIC"]
    model = ["gcc", "-std=c99", *warnings, "-c", MODEL / "mnist_model.c", "-o", folder / "model.o"]
    subprocess.run(model, check=True)
    sources = [EXAMPLE / "digit_classifier.cc", folder / "model.o", f"-I{folder}", f"-I{MODEL}", f"-I{EXAMPLE}"]
    subprocess.run(["g++", "-std=c++17", *warnings, "-shared", *sources, "-o", folder / "example.so"], check=True)
    return ctypes.CDLL(str(folder / "example.so"))


def test_the_compiled_array_is_the_file(library):
    size = ctypes.c_uint.in_dll(library, "mnist_model_size").value
    array = (ctypes.c_ubyte * size).in_dll(library, "mnist_model")
    assert bytes(array) == read_c_array(MODEL / "mnist_model.c")
    assert ctypes.addressof(array) % 16 == 0


def test_the_example_predicts_the_golden_digits(library):
    micro = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    card = json.loads((MODEL / "card.json").read_text())["files"]["mnist_model.c"]
    content = read_c_array(MODEL / "mnist_model.c")
    interpreter = micro.Interpreter.from_bytes(content, arena_size=card["arena_bytes"])

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int8), ctypes.POINTER(ctypes.c_int8))
    def run_model(source, target):
        interpreter.set_input(np.ctypeslib.as_array(source, (1, 28, 28, 1)), 0)
        interpreter.invoke()
        ctypes.memmove(target, interpreter.get_output(0).tobytes(), 10)
        return 0

    ctypes.c_void_p.in_dll(library, "run_model").value = ctypes.cast(run_model, ctypes.c_void_p).value
    probability = ctypes.c_float()
    assert library.digit_classifier_predict(bytes(784), ctypes.byref(probability)) == -1
    assert library.digit_classifier_start() == 0
    for vector in json.loads((MODEL / "golden.json").read_text())["vectors"]:
        pixels = np.round(255 * np.array(vector["pixels"])).astype(np.uint8).tobytes()
        assert library.digit_classifier_predict(pixels, ctypes.byref(probability)) == vector["label"]
        assert abs(probability.value - max(vector["probabilities"])) < 0.1


def test_the_example_has_the_operators_of_the_models():
    source = (EXAMPLE / "digit_classifier.cc").read_text()
    added = {name.lower() for name in re.findall(r"resolver\.Add(\w+)\(", source)}
    codes = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}
    for name in ("compact_1k", "compact_6k", "compact_10k"):
        content = read_c_array(MODEL.parent / name / "mnist_model.c")
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        assert {codes[code.builtinCode].replace("_", "").lower() for code in model.operatorCodes} == added
