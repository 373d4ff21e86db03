"""Exact Viterbi decoding where a switch costs the same from wherever it comes, in blocks over numpy.

With a cost c_j for every switch to state j, v_j <- max(v_j, max_i v_i - c_j) + l_j is linear in the (max, +) semiring,
so blocks of about sqrt(N) cells can be advanced together from every start state, joined at their ends, and then
advanced once more with back pointers from their true entries (Viterbi 1967; for the segmentation it solves see Killick
et al. 2012).
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from afterlog.detect.stream import Floats

States: TypeAlias = NDArray[np.int8]

_ALWAYS_SEQUENTIAL = 64


def decode(likelihood: Floats, cost: float | Floats) -> States:
    """Return the best state of each cell, shape (n,).

    ``likelihood`` is the log-likelihood of each cell under each state, shape (k, n), k <= 127; ``cost`` >= 0 is paid
    per switch: one number, or one for each state that is switched to, (k,). The path maximises the sum of the
    log-likelihoods minus the switches' costs.
    """
    states, cells = likelihood.shape
    cost = np.broadcast_to(np.asarray(cost, dtype=np.float64), (states,))
    if cells == 0:
        return np.zeros(0, dtype=np.int8)
    if cells <= _ALWAYS_SEQUENTIAL:
        return decode_sequentially(likelihood, cost)
    width = max(2, math.isqrt(cells))
    blocks = -(-cells // width)
    padded = np.zeros((states, blocks * width))
    padded[:, :cells] = likelihood
    # (width, states, blocks): one step of all blocks is contiguous
    steps = np.ascontiguousarray(padded.reshape(states, blocks, width).transpose(2, 0, 1))
    entries = _entries(steps, cost)
    final, pointers = _forward(steps, entries, cost)
    exits = _exits(pointers, int(np.argmax(final)))
    return _trace(pointers, exits)[:cells]


def decode_sequentially(likelihood: Floats, cost: float | Floats) -> States:
    """Return the same path as :func:`decode`, one cell at a time; the reference for tests and short inputs."""
    states, cells = likelihood.shape
    cost = np.broadcast_to(np.asarray(cost, dtype=np.float64), (states,))
    value = np.zeros(states)
    pointers = np.empty((cells, states), dtype=np.int8)
    stay = np.arange(states)
    for i in range(cells):
        best = int(np.argmax(value))
        switch = value[best] - cost
        pointers[i] = np.where(value < switch, best, stay)
        value = np.maximum(value, switch) + likelihood[:, i]
    path = np.empty(cells, dtype=np.int8)
    state = int(np.argmax(value))
    for i in range(cells - 1, -1, -1):
        path[i] = state
        state = int(pointers[i, state])
    return path


def path_score(likelihood: Floats, path: States, cost: float | Floats) -> float:
    """Return the score that :func:`decode` maximises, for a given path (n,)."""
    if path.size == 0:
        return 0.0
    gained = float(likelihood[path.astype(np.intp), np.arange(path.size)].sum())
    costs = np.broadcast_to(np.asarray(cost, dtype=np.float64), (likelihood.shape[0],))
    switched_to = path[1:][path[1:] != path[:-1]].astype(np.intp)
    return gained - float(costs[switched_to].sum())


def _entries(steps: Floats, cost: Floats) -> Floats:
    """Return the value of each state at the entry of each block, shape (states, blocks)."""
    width, states, blocks = steps.shape
    # carried[j, s, b]: best score at the end of block b in state j when it was entered in state s
    carried = np.full((states, states, blocks), -np.inf)
    carried[np.arange(states), np.arange(states), :] = 0.0
    best = np.empty((states, blocks))
    switched = np.empty_like(carried)
    for t in range(width):
        np.max(carried, axis=0, out=best)
        np.subtract(best[None], cost[:, None, None], out=switched)
        np.maximum(carried, switched, out=carried)
        carried += steps[t][:, None, :]
    entries = np.zeros((states, blocks))
    value = np.zeros(states)
    for b in range(blocks - 1):
        value = (carried[:, :, b] + value).max(axis=1)
        value -= value.max()
        entries[:, b + 1] = value
    return entries


def _forward(steps: Floats, entries: Floats, cost: Floats) -> tuple[Floats, NDArray[np.int8]]:
    """Return the values at the end of the last block (states,) and the back pointers (width, states, blocks)."""
    width, states, blocks = steps.shape
    pointers = np.empty((width, states, blocks), dtype=np.int8)
    stay = np.arange(states, dtype=np.int8)[:, None]
    value = entries.copy()
    for t in range(width):
        best = np.argmax(value, axis=0).astype(np.int8)
        switch = np.max(value, axis=0) - cost[:, None]
        pointers[t] = np.where(value < switch, best, stay)
        np.maximum(value, switch, out=value)
        value += steps[t]
    return value[:, -1], pointers


def _exits(pointers: NDArray[np.int8], final: int) -> NDArray[np.intp]:
    """Return the state in which the best path leaves each block, shape (blocks,)."""
    width, states, blocks = pointers.shape
    origin = np.repeat(np.arange(states)[:, None], blocks, axis=1)
    for t in range(width - 1, -1, -1):
        origin = np.take_along_axis(pointers[t], origin, axis=0).astype(np.intp)
    exits = np.empty(blocks, dtype=np.intp)
    state = final
    for b in range(blocks - 1, -1, -1):
        exits[b] = state
        state = int(origin[state, b])
    return exits


def _trace(pointers: NDArray[np.int8], exits: NDArray[np.intp]) -> States:
    """Return the path (blocks * width,) from the states in which the blocks are left."""
    width, _, blocks = pointers.shape
    path = np.empty((blocks, width), dtype=np.int8)
    column = np.arange(blocks)
    state = exits
    for t in range(width - 1, -1, -1):
        path[:, t] = state
        state = pointers[t, state, column].astype(np.intp)
    return path.reshape(-1)
