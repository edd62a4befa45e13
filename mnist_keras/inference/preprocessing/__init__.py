"""A user's own picture -> the 28x28 that the networks were trained on."""
