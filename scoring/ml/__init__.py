"""Plain machine learning: float32 matrix and labels in, ONNX bytes with their proof and figures out. Imports no Django."""
