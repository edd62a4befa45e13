"""Training with `model.fit`: compilation, optimizers, callbacks, checkpoints."""
