/* Classifies a handwritten digit on a microcontroller. */
#ifndef DIGIT_CLASSIFIER_H_
#define DIGIT_CLASSIFIER_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Allocates the model. Call it once. Returns 0, or -1 if the arena is too small or an operator is missing. */
int digit_classifier_start(void);

/*
 * Predicts the digit on an image of 28x28 gray values, row by row, white ink on black, in the geometry of MNIST.
 * Returns the digit and stores its probability, or returns -1 if the model cannot run.
 */
int digit_classifier_predict(const uint8_t pixels[28 * 28], float* probability);

#ifdef __cplusplus
}
#endif

#endif /* DIGIT_CLASSIFIER_H_ */
