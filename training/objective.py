"""The two scores that the model is trained for, and their losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

DENSE_TEMPERATURE = 0.05
LATE_TEMPERATURE = 0.03
PREFIX_DIMENSIONS = 64
PREFIX_WEIGHT = 0.2


def mean_vectors(table: Tensor, ids: Tensor, offsets: Tensor) -> Tensor:
    """Unit vectors of bags of tokens; table [v, d], ids [t], offsets [b] -> [b, d]."""
    return F.normalize(F.embedding_bag(ids, table, offsets, mode="mean"))


def symmetric_contrast(scores: Tensor) -> Tensor:
    """InfoNCE in both directions over scores [b, b] whose diagonal holds the pairs."""
    target = torch.arange(len(scores))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2


def dense_loss(first: Tensor, second: Tensor) -> Tensor:
    """Contrast of the pooled vectors [b, d], and a little of their first dimensions."""
    loss = symmetric_contrast(first @ second.T / DENSE_TEMPERATURE)
    prefix_first = F.normalize(first[:, :PREFIX_DIMENSIONS])
    prefix_second = F.normalize(second[:, :PREFIX_DIMENSIONS])
    prefix = symmetric_contrast(prefix_first @ prefix_second.T / DENSE_TEMPERATURE)
    return loss + PREFIX_WEIGHT * prefix


def late_interaction_scores(
    table: Tensor, first: Tensor, first_mask: Tensor, second: Tensor, second_mask: Tensor
) -> Tensor:
    """Late interaction over token vectors: ids [b, m] and [b, n], masks likewise -> [b, b].

    The score of a pair is the mean over the tokens of the first text, weighted by the
    length of their vectors, of the best cosine with a token of the second text, at least
    0 (ColBERT's MaxSim, Khattab and Zaharia 2020, with learned weights).
    """
    b, m = first.shape
    n = second.shape[1]
    left = table[first.reshape(-1)]  # [b*m, d]
    weights = left.norm(dim=1).view(b, m) * first_mask  # [b, m]
    cosines = F.normalize(left) @ F.normalize(table[second.reshape(-1)]).T  # [b*m, b*n]
    cosines = cosines.view(b * m, b, n).masked_fill(~second_mask, -1.0)
    best = cosines.amax(dim=2).clamp_min(0.0).view(b, m, b)  # [b, m, b]
    return torch.einsum("bm,bmc->bc", weights, best) / weights.sum(1, keepdim=True)
