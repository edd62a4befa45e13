/* compact_10k: classifies handwritten digits. Written by mnist_keras. */
#ifndef MNIST_MODEL_H_
#define MNIST_MODEL_H_

#ifdef __cplusplus
extern "C" {
#endif

/* The TFLite file. TensorFlow Lite Micro needs it aligned to 16 bytes. */
extern const unsigned char mnist_model[];
extern const unsigned int mnist_model_size;

/* The digit of each output. */
extern const char* const mnist_labels[10];
#define MNIST_CLASSES 10

/* Input: 28x28 int8, row by row, white ink on black; number = pixel (0..1) / scale + zero point. */
#define MNIST_SIDE 28
#define MNIST_INPUT_SCALE 0.003921568859368563f
#define MNIST_INPUT_ZERO_POINT (-128)

/* Memory for tensors that TensorFlow Lite Micro needs where pointers have 64 bits. */
#define MNIST_ARENA_BYTES 45024

/* Output: 10 int8; probability = scale * (number - zero point). */
#define MNIST_OUTPUT_SCALE 0.00390625f
#define MNIST_OUTPUT_ZERO_POINT (-128)

#ifdef __cplusplus
}
#endif

#endif /* MNIST_MODEL_H_ */
