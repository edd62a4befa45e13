"""Exports trained models to SavedModel, TFLite and ONNX files for other applications."""
