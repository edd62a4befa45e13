#include "digit_classifier.h"

#include <cmath>

#include "mnist_model.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {

// Measured where pointers have 64 bits; 32 bits need less.
alignas(16) uint8_t arena[MNIST_ARENA_BYTES];
tflite::MicroInterpreter* interpreter = nullptr;

}  // namespace

int digit_classifier_start(void) {
  static tflite::MicroMutableOpResolver<5> resolver;
  resolver.AddConv2D();
  resolver.AddDepthwiseConv2D();
  resolver.AddFullyConnected();
  resolver.AddMaxPool2D();
  resolver.AddSoftmax();
  static tflite::MicroInterpreter only(tflite::GetModel(mnist_model), resolver, arena, sizeof(arena));
  if (only.AllocateTensors() != kTfLiteOk) return -1;
  interpreter = &only;
  return 0;
}

int digit_classifier_predict(const uint8_t pixels[28 * 28], float* probability) {
  if (interpreter == nullptr) return -1;
  int8_t* input = interpreter->input(0)->data.int8;
  for (int i = 0; i < MNIST_SIDE * MNIST_SIDE; ++i) {
    const float number = std::round(pixels[i] / 255.0f / MNIST_INPUT_SCALE) + MNIST_INPUT_ZERO_POINT;
    input[i] = static_cast<int8_t>(number > 127 ? 127 : number < -128 ? -128 : number);
  }
  if (interpreter->Invoke() != kTfLiteOk) return -1;
  const int8_t* output = interpreter->output(0)->data.int8;
  int best = 0;
  for (int digit = 1; digit < MNIST_CLASSES; ++digit) {
    if (output[digit] > output[best]) best = digit;
  }
  *probability = MNIST_OUTPUT_SCALE * (output[best] - MNIST_OUTPUT_ZERO_POINT);
  return best;
}
