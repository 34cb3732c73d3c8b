#!/usr/bin/python3
"""The models of bench/recipes.ts, trained by PyTorch on the same split with the same settings, to put their numbers side by side.

Run by hand, with Debian's python3-torch (and libopenblas0-pthread):

    tools/recipes.py names|mnist|ett|jsb --data DIR --split FILE [--seed 0]

FILE is what `bench/recipes.ts ... --split FILE` wrote. Initial weights and the order of the batches are PyTorch's own.
"""
import argparse, gzip, json, math, pathlib, struct, time
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

class Net(nn.Module):
    """Embedding or values, recurrent layers, head: SequenceModel of @unroll/recipes."""
    def __init__(self, cell, inputs, hidden, outputs, layers=1, symbols=0, dropout=0.0, bidirectional=False, per_step=False):
        super().__init__()
        self.embedding = nn.Embedding(symbols, inputs) if symbols else None
        self.rnn = {"gru": nn.GRU, "lstm": nn.LSTM}[cell](inputs, hidden, num_layers=layers, bidirectional=bidirectional, dropout=dropout if layers > 1 else 0.0)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(hidden * (2 if bidirectional else 1), outputs)
        self.per_step, self.directions = per_step, 2 if bidirectional else 1

    def forward(self, x, lengths=None):
        x = self.embedding(x) if self.embedding is not None else x
        packed = x if lengths is None or self.per_step else pack_padded_sequence(x, lengths, enforce_sorted=False)
        out, state = self.rnn(packed)
        if not self.per_step:
            h = state[0] if isinstance(state, tuple) else state
            out = torch.cat(list(h[-self.directions:]), dim=-1)
        return self.head(self.drop(out))

def batches(items, size, key=None):
    """One pass: shuffled, similar lengths together within pools of 50 batches."""
    order = torch.randperm(len(items)).tolist()
    if key is not None:
        pool = 50 * size
        order = [i for start in range(0, len(order), pool) for i in sorted(order[start:start + pool], key=lambda i: key(items[i]))]
    groups = [order[k:k + size] for k in range(0, len(order), size)]
    return [groups[i] for i in torch.randperm(len(groups)).tolist()] if key is not None else groups

def update(net, optim, loss, clip=1.0):
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), clip)
    optim.step()

def learn_labels(net, optim, run, labels, split, say, **order):
    """Eight passes over the labelled sequences, each measured on those held out."""
    for epoch in range(8):
        net.train()
        for group in batches(split["train"], 64, **order):
            which = [split["train"][k] for k in group]
            update(net, optim, F.cross_entropy(run(which), labels[which]))
        net.eval()
        with torch.no_grad():
            scores = torch.cat([run(split["heldOut"][k:k + 256]) for k in range(0, len(split["heldOut"]), 256)])
            wanted = labels[split["heldOut"]]
            say(f"epoch {epoch + 1}: accuracy {100 * (scores.argmax(-1) == wanted).float().mean():.2f} %, {F.cross_entropy(scores, wanted):.4f} nats")

def names(data, split, say):
    symbols = {c: i for i, c in enumerate(sorted(set("".join(split["lines"]))))}
    encoded = [torch.tensor([symbols[c] for c in line]) for line in split["lines"]]
    labels = torch.tensor(split["labels"])
    net = Net("gru", 32, 128, int(labels.max()) + 1, symbols=len(symbols), bidirectional=True)
    optim = torch.optim.Adam(net.parameters(), lr=2e-3)
    run = lambda which: net(pad_sequence([encoded[i] for i in which]), torch.tensor([len(encoded[i]) for i in which]))
    learn_labels(net, optim, run, labels, split, say, key=lambda i: len(encoded[i]))

def idx(path):
    raw = gzip.open(path).read()
    rank = raw[3]
    shape = struct.unpack(f">{rank}I", raw[4:4 + 4 * rank])
    return torch.frombuffer(bytearray(raw[4 + 4 * rank:]), dtype=torch.uint8).reshape(shape)

def mnist(data, split, say):
    images = idx(data / "mnist-t10k/t10k-images-idx3-ubyte.gz").float() / 255
    labels = idx(data / "mnist-t10k/t10k-labels-idx1-ubyte.gz").long()
    net = Net("lstm", 28, 256, 10, layers=2)
    optim = torch.optim.Adam(net.parameters(), lr=1e-3)
    run = lambda which: net(images[which].transpose(0, 1))
    learn_labels(net, optim, run, labels, split, say)

def ett(data, split, say):
    rows = [line.split(",")[1:] for line in (data / "ETTh1.csv").read_text().splitlines()[1:]]
    values = torch.tensor([[float(cell) for cell in row] for row in rows], dtype=torch.float64)
    part = lambda name: (split[name]["from"], split[name]["to"])
    start, end = part("train")
    scaled = ((values - values[start:end].mean(0)) / values[start:end].std(0, unbiased=False)).float()
    T, H = 96, 24
    def windows(name):
        first, last = part(name)
        return list(range(max(0, first - T) if first > 0 else first, last - H - T + 1))
    def take(starts):
        x = torch.stack([scaled[s:s + T] for s in starts], 1)
        y = torch.stack([scaled[s + T:s + T + H, -1] for s in starts])
        return x - x[-1], y - x[-1, :, -1:]
    net = Net("lstm", values.shape[1], 64, H, dropout=0.3)
    optim = torch.optim.Adam(net.parameters(), lr=1e-3)
    def errors(name):
        net.eval()
        with torch.no_grad():
            starts = windows(name)
            found = [(y - net(x)) for x, y in (take(starts[k:k + 256]) for k in range(0, len(starts), 256))]
        return torch.cat(found)
    best, kept, step = math.inf, None, 0
    starts = windows("train")
    for epoch in range(2):
        for group in batches(starts, 64):
            net.train()
            x, y = take([starts[k] for k in group])
            update(net, optim, F.mse_loss(net(x), y))
            step += 1
            if step % 63:
                continue
            e = errors("validation")
            mse = float((e ** 2).mean())
            if mse < best:
                best, kept = mse, {k: v.clone() for k, v in net.state_dict().items()}
            say(f"{step} updates: mse {mse:.4f}, mae {float(e.abs().mean()):.4f}")
    net.load_state_dict(kept)
    e = errors("test")
    say(f"test: mse {float((e ** 2).mean()):.4f}, mae {float(e.abs().mean()):.4f} (scaled)")

def jsb(data, split, say):
    pieces = json.loads((data / "jsb-chorales-quarter.json").read_text())
    def roll(piece):
        frames = torch.zeros(len(piece), 88)
        for t, pitches in enumerate(piece):
            for pitch in pitches:
                frames[t, int(pitch) - 21] = 1
        return frames
    train, valid, test = ([roll(p) for p in pieces[name]] for name in ("train", "valid", "test"))
    net = Net("lstm", 88, 400, 88, dropout=0.6, per_step=True)
    optim = torch.optim.Adam(net.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optim, 50 * math.ceil(len(train) / 8))
    def total(group):
        lengths = [len(p) - 1 for p in group]
        logits = net(pad_sequence([p[:-1] for p in group]))
        losses = F.binary_cross_entropy_with_logits(logits, pad_sequence([p[1:] for p in group]), reduction="none").sum(-1)
        mask = torch.arange(max(lengths))[:, None] < torch.tensor(lengths)[None]
        return (losses * mask).sum(), sum(lengths)
    def measure(part):
        net.eval()
        with torch.no_grad():
            sums = [total(part[k:k + 64]) for k in range(0, len(part), 64)]
        return sum(float(s) for s, _ in sums) / sum(n for _, n in sums)
    best, kept = math.inf, None
    for epoch in range(50):
        net.train()
        for group in batches(train, 8, key=len):
            loss, frames = total([train[k] for k in group])
            update(net, optim, loss / frames)
            schedule.step()
        nll = measure(valid)
        if nll < best:
            best, kept = nll, {k: v.clone() for k, v in net.state_dict().items()}
        say(f"epoch {epoch + 1}: validation NLL per frame {nll:.3f}")
    net.load_state_dict(kept)
    say(f"test: NLL per frame {measure(test):.3f} nats")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=["names", "mnist", "ett", "jsb"])
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--split", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    began = time.time()
    globals()[args.task](args.data, json.loads(args.split.read_text()), lambda text: print(f"{text}, {time.time() - began:.0f} s", flush=True))
    print(f"{time.time() - began:.0f} s, processor time {time.process_time():.0f} s")
