"""Benchmarks of speed on one machine, also against PyTorch and onnxruntime (the extra `benchmark` installs them)."""
