"""Pool what the members of a head and the policy's rules say into calibrated probabilities.

p = softmax(sum of weight * member scores + rule weight * rule points + biases): a product of experts whose few weights
are fitted to tickets the members did not see. The largest probability is then bent by a curve of three parameters,
fitted to how often it was right; the others share what is left.
Sources: Hinton, "Products of Experts", 1999; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017; Kull
et al., "Beta calibration", AISTATS 2017.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

# Pull of the curve towards "leave it as it is", and the probabilities it is fitted between.
_CURVE_PENALTY = 0.001
_SURE = 1e-4
STRAIGHT = (1.0, 1.0, 0.0)
# Pull of the parameters towards "equal weights, no biases"; chosen on public training sets of 200 to 6,000 tickets.
_PENALTY = 0.005

Floats = NDArray[np.float64]
Members = Mapping[str, Floats]


@dataclass(frozen=True)
class Pool:
    """weights: of each member, >= 0. rule_weight: log-odds a point of the rules adds, >= 0. biases: of the k labels.

    curve: (a, b, c), the largest probability p becomes 1 / (1 + exp(-(a ln p - b ln(1 - p) + c))).
    """

    weights: Mapping[str, float]
    rule_weight: float
    biases: tuple[float, ...]
    curve: tuple[float, float, float] = STRAIGHT

    def scores(self, members: Members, rules: Floats) -> Floats:
        """Add up (n, k) member scores and rule points to (n, k) log-odds."""
        total = np.array(self.biases) + self.rule_weight * rules
        for name, weight in self.weights.items():
            total = total + weight * members[name]
        return np.asarray(total)

    def probabilities(self, members: Members, rules: Floats) -> Floats:
        """Give (n, k) probabilities in [0, 1], rows sum to 1."""
        return bend(softmax(self.scores(members, rules)), self.curve)


def softmax(z: Floats) -> Floats:
    """Turn (n, k) scores into probabilities."""
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def bend(p: Floats, curve: tuple[float, float, float]) -> Floats:
    """Bend the largest of each row's (n, k) probabilities by the curve; it stays the largest."""
    if curve == STRAIGHT or not len(p):
        return p
    rows, top = np.arange(len(p)), p.argmax(axis=1)
    shares = _shares_of_others(p, rows, top)
    runner_up = shares.max(axis=1)
    bent = _curved(np.clip(p[rows, top], _SURE, 1 - _SURE), curve)
    bent = np.maximum(bent, runner_up / (1.0 + runner_up))
    out = shares * (1.0 - bent)[:, None]
    out[rows, top] = bent
    return np.asarray(out)


def _shares_of_others(p: Floats, rows: NDArray[np.int64], top: NDArray[np.int64]) -> Floats:
    """Share 1 among the labels that are not the largest, equally where all of them are 0: (n, k)."""
    others = p.copy()
    others[rows, top] = 0.0
    # Summed, not 1 - the largest: the difference has no digits left where the largest is nearly 1.
    total = others.sum(axis=1, keepdims=True)
    shares = np.divide(others, total, out=np.full_like(p, 1.0 / (p.shape[1] - 1)), where=total > 0)
    shares[rows, top] = 0.0
    return np.asarray(shares)


def _curved(p: Floats, curve: tuple[float, float, float]) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-(curve[0] * np.log(p) - curve[1] * np.log(1.0 - p) + curve[2]))))


def curve_loss(largest: Floats, right: Floats) -> Callable[[Floats], tuple[float, Floats]]:
    """Make the loss of curves: how surprising n outcomes are, and how far the curve is from straight.

    Args:
        largest: (n,) probabilities, within (0, 1).
        right: (n,) 1 where the label was right, else 0.

    Returns:
        What gives the loss and its slopes for the three parameters of a curve.
    """
    terms = np.stack([np.log(largest), -np.log(1.0 - largest), np.ones(len(right))], axis=1)

    def loss(curve: Floats) -> tuple[float, Floats]:
        x = terms @ curve
        away = curve - np.array(STRAIGHT)
        residual = 1.0 / (1.0 + np.exp(-x)) - right
        value = float((np.logaddexp(0.0, x) - right * x).mean() + _CURVE_PENALTY * (away**2).sum())
        return value, np.asarray(terms.T @ residual / len(right) + 2 * _CURVE_PENALTY * away)

    return loss


def _fit_curve(p: Floats, y: NDArray[np.int64]) -> tuple[float, float, float]:
    from scipy.optimize import minimize

    largest = np.clip(p.max(axis=1), _SURE, 1 - _SURE)
    loss = curve_loss(largest, (p.argmax(axis=1) == y).astype(float))
    bounds = [(0.0, None), (0.0, None), (None, None)]
    a, b, c = minimize(loss, np.array(STRAIGHT), jac=True, method="L-BFGS-B", bounds=bounds).x
    return round(float(a), 6), round(float(b), 6), round(float(c), 6)


def _centre(parts: int, members: int, k: int) -> Floats:
    """What parameters are pulled to: members weigh the same, rules and biases nothing."""
    return np.concatenate([np.full(members, 1.0 / members), np.zeros(parts - members + k)])


def pool_loss(parts: Sequence[Floats], y: NDArray[np.int64], members: int) -> Callable[[Floats], tuple[float, Floats]]:
    """Make the loss of pools: how surprising n labels are, and how far the pool is from equal weights.

    Args:
        parts: (n, k) scores of members and, last, points of the rules.
        y: (n,) index of the true label.
        members: how many of the parts are members.

    Returns:
        What gives the loss and its slopes for the weights of the parts, followed by k biases.
    """
    k, rows = parts[0].shape[1], np.arange(len(y))
    centre = _centre(len(parts), members, k)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        z = parameters[len(parts) :] + sum(w * part for w, part in zip(parameters, parts, strict=False))
        residual = softmax(np.asarray(z))
        fit = -np.log(np.maximum(residual[rows, y], 1e-12)).mean()
        residual[rows, y] -= 1.0
        residual /= len(y)
        slopes = [float((residual * part).sum()) for part in parts]
        away = parameters - centre
        gradient = np.concatenate([slopes, residual.sum(axis=0)]) + 2 * _PENALTY * away / k
        return float(fit + _PENALTY * (away**2).sum() / k), gradient

    return loss


def fit_pool(members: Members, rules: Floats, y: NDArray[np.int64], use_rules: bool = True) -> Pool:
    """Fit the weights and biases to out-of-fold scores.

    Args:
        members: name -> (n, k) scores of tickets the member did not see.
        rules: (n, k) what the rules say of them.
        y: (n,) index of the true label.
        use_rules: whether rules may add to scores.
    """
    from scipy.optimize import minimize

    names = list(members)
    scales = [float(members[name].std()) or 1.0 for name in names]
    parts = [members[name] / scale for name, scale in zip(names, scales, strict=True)]
    if use_rules and rules.any():
        parts.append(rules)
    k = rules.shape[1]
    bounds = [(0.0, None)] * len(parts) + [(None, None)] * k
    start = _centre(len(parts), len(names), k)
    best = minimize(pool_loss(parts, y, len(names)), start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = {name: float(best[i] / scales[i]) for i, name in enumerate(names)}
    rule_weight = round(float(best[len(names)]), 6) if len(parts) > len(names) else 0.0
    biases = tuple(round(float(b), 6) for b in best[len(parts) :])
    pool = Pool({name: round(weight, 8) for name, weight in weights.items()}, rule_weight, biases)
    return replace(pool, curve=_fit_curve(softmax(pool.scores(members, rules)), y))
