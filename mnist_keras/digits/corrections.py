"""Labels of MNIST's test set that most human readers hold for wrong."""

from collections.abc import Collection, Sequence

# Index -> what readers see. About 2130, 2654, 3520, 8527 and 9679 they are divided; those stay as they are.
READ_AS = {947: 9, 1621: 6, 1901: 4, 2462: 0, 2597: 3, 3558: 0, 5937: 3, 6651: 6, 6783: 6, 9729: 6}


def correct_when_corrected(correct: int, misread: Collection[Sequence[int]]) -> int:
    """How many of MNIST's 10,000 test images a model read right, were these labels corrected.

    Args:
        correct: how many it read as labelled.
        misread: (index, prediction) of every other, as in `Report.misread`.
    """
    predictions = {index: prediction for index, prediction in misread}
    gained = sum(predictions.get(index) == digit for index, digit in READ_AS.items())
    lost = sum(index not in predictions for index in READ_AS)
    return correct + gained - lost
