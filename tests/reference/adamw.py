"""Writes adamw.json: parameters after steps of PyTorch's AdamW under schedules of the learning rate.

Run:   python tests/reference/adamw.py
Needs: torch 2.13 (a CPU build will do). Takes seconds and overwrites adamw.json in this folder.

Each case has a start [4], gradients [6][4], learning rate and weight decay, and the parameters after each of six steps of
torch.optim.AdamW in float64. The learning rate is constant, LambdaLR(1 - step / 6) or CosineAnnealingLR(T_max=6).
"""
import json, pathlib, platform
import torch
from torch.optim import AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

HERE = pathlib.Path(__file__).resolve().parent
STEPS = 6
VERSIONS = dict(torch=torch.__version__, python=platform.python_version())


def case(schedule, rate, decay, start, gradients):
    parameters = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimiser = AdamW([parameters], lr=rate, weight_decay=decay)
    scheduler = dict(constant=lambda: LambdaLR(optimiser, lambda step: 1.0),
                     linear=lambda: LambdaLR(optimiser, lambda step: 1 - step / STEPS),
                     cosine=lambda: CosineAnnealingLR(optimiser, T_max=STEPS))[schedule]()
    after = []
    for gradient in gradients:
        parameters.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
        scheduler.step()
        after.append(parameters.detach().tolist())
    return dict(schedule=schedule, rate=rate, decay=decay, start=start, gradients=gradients, after=after)


def main():
    torch.manual_seed(3)
    draw = lambda *size: torch.randn(*size, dtype=torch.float64).tolist()
    cases = [case(schedule, rate, decay, draw(4), draw(STEPS, 4)) for schedule in ('constant', 'linear', 'cosine')
             for rate, decay in ((1e-3, 0.0), (0.1, 0.5))]
    (HERE / 'adamw.json').write_text(json.dumps(dict(versions=VERSIONS, cases=cases)) + '\n')


main()
