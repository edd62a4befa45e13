"""Devices, replicas and workers: `tf.distribute` strategies, preemption, a launcher, and the adaptations of Keras."""
