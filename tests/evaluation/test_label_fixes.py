from mnist_keras.evaluation.metrics import READ_AS, correct_when_corrected


def test_answers_to_wrong_labels_change_sides():
    # Index 947 is labelled 8 and read as 9 by people; 3 is an ordinary error.
    nine_as_labelled = len(READ_AS) - 1
    assert correct_when_corrected(9998, [(947, 9), (3, 1)]) == 9998 + 1 - nine_as_labelled
    # Neither the label nor what people see.
    assert correct_when_corrected(9999, [(947, 4)]) == 9999 - nine_as_labelled
    # Perfect on the corrected labels.
    assert correct_when_corrected(9990, list(READ_AS.items())) == 10_000
