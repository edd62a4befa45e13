from mnist_keras.evaluation.metrics import LABEL_FIXES, correct_after_label_fixes


def test_label_fixes_by_hand():
    # The label of index 947 is 8, its corrected label 9. Index 3 has no label error.
    other_fixes = len(LABEL_FIXES) - 1
    assert correct_after_label_fixes(9998, [(947, 9), (3, 1)]) == 9998 + 1 - other_fixes
    # Neither the label nor the corrected label.
    assert correct_after_label_fixes(9999, [(947, 4)]) == 9999 - other_fixes
    # All predictions agree with the corrected labels.
    assert correct_after_label_fixes(9990, list(LABEL_FIXES.items())) == 10_000
