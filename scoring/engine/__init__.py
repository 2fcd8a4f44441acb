"""Score loans: features out of the database, through ONNX Runtime, scores back in; a batch by command, single loans on change."""
