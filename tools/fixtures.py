#!/usr/bin/python3
"""Write what PyTorch's optimisers, schedules, losses and clipping compute, as packages/testing/fixtures/optimizers.json.

Run by hand, with Debian's python3-torch: tools/fixtures.py. The output is versioned; the tests of packages/train read it.
Everything is float64, so that a difference is a difference in the rules and not in rounding.
"""
import json, pathlib
import torch

OUT = pathlib.Path(__file__).resolve().parent.parent / "packages" / "testing" / "fixtures"
# RAdam changes its rule after five steps.
STEPS = 8
NOT_TENSORS = ("step", "mu_product")

def numbers(tensor):
    return tensor.detach().tolist()

def optimizers():
    """Rows of a (2, 3) matrix after each of some steps with given gradients, and what was gathered at the end; the learning rates are halved before the last step."""
    torch.manual_seed(0)
    start = torch.randn(2, 3)
    gradients = torch.randn(STEPS, 2, 3)

    def run(name, rule, groups=None, **options):
        first, second = parameters = [torch.nn.Parameter(row.clone()) for row in start]
        # NAdam without foreach multiplies with one momentum too many in PyTorch 1.13; with it, it is the paper's, and that of PyTorch 2.
        optim = rule(parameters if groups is None else [{"params": [first]}, {"params": [second], **groups}], foreach=name == "nadam", **options)
        path = []
        for step, gradient in enumerate(gradients):
            if step == STEPS - 1:
                for group in optim.param_groups: group["lr"] /= 2
            for parameter, row in zip(parameters, gradient): parameter.grad = row.clone()
            optim.step()
            path.append([numbers(parameter) for parameter in parameters])
        kept = [optim.state[parameter] for parameter in parameters]
        state = {key: [numbers(each[key]) for each in kept] for key, value in kept[0].items() if key not in NOT_TENSORS and value is not None}
        return {"name": name, "options": options, "second": groups, "path": path, "state": state}

    sgd, rmsprop, adagrad = torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adagrad
    adam, adamw, nadam, radam = torch.optim.Adam, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RAdam
    other = dict(betas=(0.8, 0.95), eps=1e-3)
    cases = [
        run("sgd", sgd, lr=0.1),
        run("sgd", sgd, lr=0.1, weight_decay=0.05),
        run("sgd", sgd, lr=0.1, momentum=0.9),
        run("sgd", sgd, lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.05, maximize=True),
        run("sgd", sgd, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05),
        run("sgd", sgd, dict(weight_decay=0.3, lr=0.02), lr=0.1, momentum=0.9),
        run("rmsprop", rmsprop),
        run("rmsprop", rmsprop, lr=0.05, alpha=0.9, eps=1e-3, weight_decay=0.05, maximize=True),
        run("rmsprop", rmsprop, lr=0.05, momentum=0.8),
        run("rmsprop", rmsprop, lr=0.05, centered=True),
        run("rmsprop", rmsprop, lr=0.05, momentum=0.8, centered=True, weight_decay=0.05),
        run("adagrad", adagrad),
        run("adagrad", adagrad, lr=0.05, lr_decay=0.1, weight_decay=0.05, initial_accumulator_value=0.2, eps=1e-3),
        run("adagrad", adagrad, lr=0.05, maximize=True),
        run("adam", adam),
        run("adam", adam, lr=0.05, weight_decay=0.05, **other),
        run("adam", adam, lr=0.05, amsgrad=True, maximize=True, **other),
        run("adamw", adamw),
        run("adamw", adamw, lr=0.05, weight_decay=0.2, amsgrad=True, **other),
        run("adamw", adamw, dict(weight_decay=0.0, lr=0.1), lr=0.05, weight_decay=0.2, maximize=True),
        run("nadam", nadam),
        run("nadam", nadam, lr=0.05, weight_decay=0.05, momentum_decay=0.1, **other),
        run("radam", radam),
        run("radam", radam, lr=0.05, weight_decay=0.05, **other),
    ]
    return {"start": numbers(start), "gradients": numbers(gradients), "cases": cases}

def schedules():
    """Learning rates of 30 steps. Where there are metrics, the scheduler hears one after each step."""
    kinds = torch.optim.lr_scheduler
    def rates(make, metrics=None):
        optim = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.4)
        schedule, seen = make(optim), []
        for step in range(30 if metrics is None else len(metrics)):
            seen.append(optim.param_groups[0]["lr"])
            optim.step()
            schedule.step(*([] if metrics is None else [metrics[step]]))
        return seen
    def simple(name, **options):
        return {"name": name, "options": options, "rates": rates(lambda optim: getattr(kinds, name)(optim, **options))}
    def plateau(metrics, **options):
        # The rate after each of the metrics.
        return {"options": options, "metrics": metrics, "rates": rates(lambda optim: kinds.ReduceLROnPlateau(optim, **options), metrics + [0])[1:]}
    def one_cycle(**options):
        return simple("OneCycleLR", max_lr=0.4, total_steps=30, cycle_momentum=False, **options)
    falling = [3, 2, 2, 1.9999, 2, 2.5, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.6, 0.7, 0.8, 0.9, 0.4, 0.4]
    sequence = lambda optim: kinds.SequentialLR(optim, [kinds.LinearLR(optim, 0.1, total_iters=5), kinds.CosineAnnealingLR(optim, 12), kinds.ExponentialLR(optim, 0.9)], [5, 17])
    return {
        "lr": 0.4,
        "cases": [
            simple("LinearLR"),
            simple("LinearLR", start_factor=0.1, end_factor=0.5, total_iters=7),
            simple("CosineAnnealingLR", T_max=12, eta_min=0.01),
            simple("CosineAnnealingWarmRestarts", T_0=4),
            simple("CosineAnnealingWarmRestarts", T_0=4, T_mult=2, eta_min=0.01),
            simple("StepLR", step_size=7),
            simple("MultiStepLR", milestones=[3, 3, 11], gamma=0.5),
            simple("ExponentialLR", gamma=0.9),
            one_cycle(),
            one_cycle(pct_start=0.25, anneal_strategy="linear", div_factor=10.0, final_div_factor=50.0),
            one_cycle(pct_start=0.4, three_phase=True),
        ],
        "sequence": rates(sequence),
        "plateaus": [
            plateau(falling, patience=2),
            plateau(falling, patience=1, factor=0.5, threshold=0.2, threshold_mode="abs", cooldown=2, min_lr=0.03),
            plateau([-m for m in falling], patience=2, mode="max", threshold=-0.1),
            plateau([-m for m in falling], patience=0, mode="max", threshold_mode="abs", factor=0.3, eps=0.01),
        ],
    }

def averages():
    """An exponential moving average of weights, of which the first are taken over as they are."""
    torch.manual_seed(3)
    path = torch.randn(5, 2, 3)
    model = torch.nn.Linear(3, 2, bias=False)
    average = torch.optim.swa_utils.AveragedModel(model, avg_fn=lambda old, new, count: 0.9 * old + (1 - 0.9) * new)
    seen = []
    for weight in path:
        with torch.no_grad(): model.weight.copy_(weight)
        average.update_parameters(model)
        seen.append(numbers(average.module.weight))
    return {"decay": 0.9, "weights": numbers(path), "averages": seen}

def cross_entropies():
    torch.manual_seed(1)
    logits = torch.randn(4, 3, 5, requires_grad=True)
    targets = torch.tensor([[0, 1, 2], [3, 4, -100], [0, 0, 4], [-100, 2, 1]])
    results = {}
    for reduction in ["mean", "sum", "none"]:
        loss = torch.nn.functional.cross_entropy(logits.reshape(-1, 5), targets.reshape(-1), reduction=reduction)
        gradient, = torch.autograd.grad(loss.sum(), logits)
        results[reduction] = {"loss": numbers(loss), "gradient": numbers(gradient)}
    return {"logits": numbers(logits), "targets": targets.tolist(), "results": results}

def clipping():
    torch.manual_seed(2)
    gradients = [torch.randn(2, 3), torch.randn(4)]
    def clipped(clip):
        parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
        for p, g in zip(parameters, gradients): p.grad = g.clone()
        norm = clip(parameters)
        return {"norm": None if norm is None else float(norm), "gradients": [numbers(p.grad) for p in parameters]}
    by_norm = {limit: clipped(lambda p: torch.nn.utils.clip_grad_norm_(p, float(limit))) for limit in ["0.5", "2", "1000"]}
    return {"gradients": [numbers(g) for g in gradients], "norm": by_norm, "value": {"0.5": clipped(lambda p: torch.nn.utils.clip_grad_value_(p, 0.5))}}

if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    # Not only the parameters: NAdam keeps a product in the default type.
    torch.set_default_dtype(torch.double)
    content = {
        "source": f"PyTorch {torch.__version__}", "optimizers": optimizers(), "schedules": schedules(), "averages": averages(),
        "crossEntropy": cross_entropies(), "clipping": clipping(),
    }
    (OUT / "optimizers.json").write_text(json.dumps(content) + "\n")
