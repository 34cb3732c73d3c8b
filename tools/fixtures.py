#!/usr/bin/python3
"""Write what PyTorch's optimisers, losses and clipping compute, as packages/testing/fixtures/optimizers.json.

Run by hand, with Debian's python3-torch: tools/fixtures.py. The output is versioned; the tests of packages/train read it.
Everything is float64, so that a difference is a difference in the rules and not in rounding.
"""
import json, pathlib
import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "packages" / "testing" / "fixtures"
STEPS = 4

def numbers(tensor):
    return tensor.detach().tolist()

def optimizer(rule, name, **options):
    """Parameters and gathered tensors after each of some steps with given gradients; the learning rate is halved before the last."""
    torch.manual_seed(len(name))
    parameter = torch.nn.Parameter(torch.randn(2, 3, dtype=torch.double))
    start = numbers(parameter)
    optim = rule([parameter], **options)
    gradients, steps = [], []
    for step in range(STEPS):
        if step == STEPS - 1: optim.param_groups[0]["lr"] /= 2
        parameter.grad = torch.randn(2, 3, dtype=torch.double)
        gradients.append(numbers(parameter.grad))
        optim.step()
        state = optim.state[parameter]
        gathered = {key: numbers(value) for key, value in state.items() if key != "step" and value is not None}
        steps.append({"parameter": numbers(parameter), "state": gathered})
    return {"name": name, "options": options, "start": start, "gradients": gradients, "steps": steps}

def optimizers():
    sgd, rmsprop, adam, adamw = torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adam, torch.optim.AdamW
    cases = [
        ("sgd", sgd, dict(lr=0.1)),
        ("sgd", sgd, dict(lr=0.1, weight_decay=0.05)),
        ("sgd", sgd, dict(lr=0.1, momentum=0.9)),
        ("sgd", sgd, dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.05)),
        ("sgd", sgd, dict(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)),
        ("rmsprop", rmsprop, dict()),
        ("rmsprop", rmsprop, dict(lr=0.05, alpha=0.9, eps=1e-3, weight_decay=0.05)),
        ("rmsprop", rmsprop, dict(lr=0.05, momentum=0.8)),
        ("rmsprop", rmsprop, dict(lr=0.05, centered=True)),
        ("rmsprop", rmsprop, dict(lr=0.05, momentum=0.8, centered=True, weight_decay=0.05)),
        ("adam", adam, dict()),
        ("adam", adam, dict(lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05)),
        ("adamw", adamw, dict()),
        ("adamw", adamw, dict(lr=0.05, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.2)),
    ]
    return [optimizer(rule, name, **options) for name, rule, options in cases]

def cross_entropies():
    torch.manual_seed(1)
    logits = torch.randn(4, 3, 5, dtype=torch.double, requires_grad=True)
    targets = torch.tensor([[0, 1, 2], [3, 4, -100], [0, 0, 4], [-100, 2, 1]])
    results = {}
    for reduction in ["mean", "sum", "none"]:
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, 5), targets.reshape(-1), reduction=reduction)
        gradient, = torch.autograd.grad(loss.sum(), logits)
        results[reduction] = {"loss": numbers(loss), "gradient": numbers(gradient)}
    return {"logits": numbers(logits), "targets": targets.tolist(), "results": results}

def clipping():
    torch.manual_seed(2)
    gradients = [torch.randn(2, 3, dtype=torch.double), torch.randn(4, dtype=torch.double)]
    def clipped(clip):
        parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for p, g in zip(parameters, gradients): p.grad = g.clone()
        norm = clip(parameters)
        return {"norm": None if norm is None else float(norm), "gradients": [numbers(p.grad) for p in parameters]}
    by_norm = {limit: clipped(lambda p: torch.nn.utils.clip_grad_norm_(p, float(limit))) for limit in ["0.5", "2", "1000"]}
    return {"gradients": [numbers(g) for g in gradients], "norm": by_norm, "value": {"0.5": clipped(lambda p: torch.nn.utils.clip_grad_value_(p, 0.5))}}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    content = {"source": f"PyTorch {torch.__version__}", "optimizers": optimizers(), "crossEntropy": cross_entropies(), "clipping": clipping()}
    (OUT / "optimizers.json").write_text(json.dumps(content) + "\n")
