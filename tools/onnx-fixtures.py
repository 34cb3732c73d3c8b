"""Models that PyTorch exported to ONNX, with their state_dicts: packages/testing/fixtures/onnx.json. Run by hand; needs torch."""

import base64
import io
import json
import pathlib

import torch


class Model(torch.nn.Module):
    def __init__(self, kind, **options):
        super().__init__()
        self.embedding = torch.nn.Embedding(5, 3)
        self.rnn = getattr(torch.nn, kind)(3, 2, num_layers=2, **options)
        self.head = torch.nn.Linear(4 if self.rnn.bidirectional else 2, 5)

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


def fixture(kind, **options):
    torch.manual_seed(5)
    model = Model(kind, **options).eval()
    file = io.BytesIO()
    torch.onnx.export(model, (torch.zeros(4, 2, dtype=torch.long),), file, opset_version=14, dynamic_axes={"ids": {0: "T", 1: "B"}}, input_names=["ids"])
    return {"kind": kind, "options": options, "onnx": base64.b64encode(file.getvalue()).decode(), "parameters": {name: value.flatten().tolist() for name, value in model.state_dict().items()}}


cases = [fixture("LSTM", batch_first=True), fixture("GRU", bidirectional=True), fixture("RNN", nonlinearity="relu")]
path = pathlib.Path(__file__).parent.parent / "packages" / "testing" / "fixtures" / "onnx.json"
path.write_text(json.dumps({"torch": torch.__version__, "cases": cases}) + "\n")
