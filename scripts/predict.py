"""Reads digits: pictures of 28x28 pixels, light ink on black.

MODEL is a run's folder, an export's folder, a .keras file, a SavedModel or a .tflite file:

    python scripts/predict.py exported/cnn/mnist.tflite seven.png
"""

from mnist_keras import command_line


def main(arguments):
    import numpy as np

    from mnist_keras.own_images import read_digit
    from mnist_keras.prediction import load_predictor

    model, *files = arguments
    images = np.stack([read_digit(file) for file in files])
    with command_line.quiet_libraries():
        predictor = load_predictor(model)
    width = max(len("file"), *map(len, files))
    print(f"{'file':<{width}}  digit  " + "".join(f"{f'P({digit})':>8}" for digit in range(10)))
    for file, probabilities in zip(files, predictor.predict(images), strict=True):
        cells = "".join(f"{probability:>8.2%}" for probability in probabilities)
        print(f"{file:<{width}}  {probabilities.argmax():>5}  {cells}")


if __name__ == "__main__":
    command_line.run(main, arguments="MODEL IMAGE...")
