from mnist_keras.evaluation.metrics import LABEL_FIXES, correct_after_label_fixes


def test_answers_to_wrong_labels_change_sides():
    # Index 947 is labelled 8 and read as 9 by people; 3 is an ordinary error.
    nine_as_labelled = len(LABEL_FIXES) - 1
    assert correct_after_label_fixes(9998, [(947, 9), (3, 1)]) == 9998 + 1 - nine_as_labelled
    # Neither the label nor what people see.
    assert correct_after_label_fixes(9999, [(947, 4)]) == 9999 - nine_as_labelled
    # Perfect on the corrected labels.
    assert correct_after_label_fixes(9990, list(LABEL_FIXES.items())) == 10_000
