"""PyTorch on one thread. `pytorch.py probe` prints what is installed; without an argument it answers requests, see protocol.ts.

`pytorch.py cuda` is the same on an NVIDIA GPU, where cuDNN runs the recurrences; `pytorch.py cuda tf32` with products in TF32.
"""

import ctypes
import json
import re
import sys
import time

import torch

DEVICE = "cuda" if "cuda" in sys.argv else "cpu"
VOCABULARY = 64
CELLS = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}


def blas():
    """The library that multiplies matrices here, and its choice of kernels. Debian has a slow one and fast ones under the same name."""
    torch.ones(2, 2) @ torch.ones(2, 2)
    try:
        with open("/proc/self/maps") as maps:
            paths = sorted({line.split()[-1] for line in maps if re.search(r"blas|blis|mkl_", line)})
    except OSError:
        return {"library": "unknown", "kernels": ""}
    fast = [path for path in paths if re.search(r"openblas|blis|mkl|atlas", path.rsplit("/", 1)[-1])]
    path = (fast or paths or ["unknown"])[0]
    return {"library": path.rsplit("/", 1)[-1], "kernels": kernels(path)}


def kernels(path):
    """OpenBLAS tells which processor it takes this one for."""
    try:
        ask = ctypes.CDLL(path).openblas_get_corename
        ask.restype = ctypes.c_char_p
        return ask().decode()
    except (OSError, AttributeError):
        return ""


def processor():
    used = " ".join(part for part in blas().values() if part)
    return f"{used}, {torch.get_num_threads()} thread"


def graphics():
    """Float32 as it is written, unless TF32 is asked for: PyTorch allows that in recurrences by itself."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = "tf32" in sys.argv
    return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}, {'TF32' if 'tf32' in sys.argv else 'float32'}"


def values(stream, *shape):
    count = 1
    for length in shape:
        count *= length
    return torch.frombuffer(bytearray(stream.read(4 * count)), dtype=torch.float32).reshape(shape)


class LanguageModel(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, case["input"])
        self.rnn = stack(case)
        self.head = torch.nn.Linear(case["hidden"], VOCABULARY)

    def forward(self, ids):
        return self.head(self.rnn(self.embedding(ids))[0])


def stack(case):
    if case["cell"] not in CELLS:
        raise ValueError(f"it has no {case['cell']}")
    return CELLS[case["cell"]](case["input"], case["hidden"], num_layers=case["layers"])


class Session:
    def __init__(self, case, path, device):
        steps = (case["time"], case["batch"])
        text = case["mode"] == "text"
        if case["cell"] == "product":
            self.model = torch.nn.Linear(case["input"], case["hidden"], bias=False)
        else:
            self.model = LanguageModel(case) if text else stack(case)
        with open(path, "rb") as stream, torch.no_grad():
            for parameter in self.model.parameters():
                parameter.copy_(values(stream, *parameter.shape))
            self.inputs = values(stream, *steps) if text else values(stream, *steps, case["input"])
            self.targets = values(stream, *steps) if text else values(stream, *steps, case["hidden"])
        if text:
            self.inputs, self.targets = self.inputs.long(), self.targets.long()
        self.model.to(device)
        self.inputs, self.targets = self.inputs.to(device), self.targets.to(device)
        self.steps, self.state = self.inputs.split(1), None
        self.adam = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.run = {"train": self.train, "infer": self.infer, "stream": self.stream, "text": self.train}[case["mode"]]
        if case["cell"] == "product":
            self.run = self.product
        self.loss = self.cross_entropy if text else self.squares

    def squares(self):
        return torch.nn.functional.mse_loss(self.model(self.inputs)[0], self.targets)

    def cross_entropy(self):
        return torch.nn.functional.cross_entropy(self.model(self.inputs).flatten(0, 1), self.targets.flatten())

    def train(self, count):
        loss = float("nan")
        for _ in range(count):
            self.adam.zero_grad()
            value = self.loss()
            value.backward()
            self.adam.step()
            loss = value.item()
        return loss

    def infer(self, count):
        with torch.no_grad():
            for _ in range(count):
                output, _ = self.model(self.inputs)
            return torch.nn.functional.mse_loss(output[-1], self.targets[-1]).item()

    def stream(self, count):
        with torch.no_grad():
            for _ in range(count):
                for step in self.steps:
                    output, self.state = self.model(step, self.state)
            return torch.nn.functional.mse_loss(output[-1], self.targets[-1]).item()

    def product(self, count):
        rows = self.inputs.flatten(0, 1)
        with torch.no_grad():
            for _ in range(count):
                output = rows @ self.model.weight.T
            return output[0, 0].item()


def answer(request, state):
    if request["op"] == "prepare":
        state["session"] = Session(request["case"], request["data"], DEVICE)
        return {"about": f"PyTorch {torch.__version__}, {graphics() if DEVICE == 'cuda' else processor()}"}
    return {"loss": state["session"].run(request["count"])}


def main():
    torch.set_num_threads(1)
    if sys.argv[1:] == ["probe"]:
        print(json.dumps({**blas(), "cuda": torch.cuda.is_available()}))
        return
    state = {}
    for line in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        try:
            reply = answer(json.loads(line), state)
        except Exception as error:  # whatever it is, the other side has to hear of it
            reply = {"error": str(error)}
        reply["cpuMs"] = (time.process_time() - cpu) * 1e3
        reply["wallMs"] = (time.perf_counter() - wall) * 1e3
        print(json.dumps(reply), flush=True)


main()
