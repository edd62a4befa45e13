"""Reads digits: pictures of 28x28 pixels, light ink on black.

MODEL is a run's folder, an export's folder, a SavedModel, a .keras, .tflite or .onnx file. A picture that cannot be
read does not keep the others from being read:

    python scripts/predict.py exported/cnn/mnist.tflite seven.png
"""

from mnist_keras import command_line


def main(arguments):
    import numpy as np

    from mnist_keras.errors import InputError
    from mnist_keras.own_images import read_digit
    from mnist_keras.prediction import load_predictor

    model, *files = arguments
    with command_line.quiet_libraries():
        predictor = load_predictor(model)
    images, refused = {}, []
    for file in files:
        try:
            images[file] = read_digit(file)
        except InputError as error:
            refused.append(str(error))
    if images:
        width = max(len("file"), *map(len, images))
        print(f"{'file':<{width}}  digit  " + "".join(f"{f'P({digit})':>8}" for digit in range(10)))
        for file, probabilities in zip(images, predictor.predict(np.stack(list(images.values()))), strict=True):
            cells = "".join(f"{probability:>8.2%}" for probability in probabilities)
            print(f"{file:<{width}}  {probabilities.argmax():>5}  {cells}")
    if refused:
        raise InputError("\n".join(refused))


if __name__ == "__main__":
    command_line.run(main, arguments="MODEL IMAGE...")
