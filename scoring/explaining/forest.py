"""The trees of a registered graph as flat arrays, each leaf with the path that leads to it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import CannotExplain

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Forest:
    """A sum of trees. Splits and leaves of tree t are those from tree_split[t], tree_leaf[t] to the next entry.

    A row goes left at split s if its value compares with threshold[s], or is missing and missing_left[s] is set. The path of
    leaf l is its steps from leaf_step[l] on: at split step_split (counted inside the tree) it goes step_left, and step_slot
    tells which of the leaf's distinct features the step is about. Slots begin at leaf_slot[l]: slot_feature, and slot_share,
    the share of the training weight that stays on the path at the splits on that feature. Margin, calibrated log-odds and
    probability follow as sum, slope x margin + intercept, and sigmoid.
    """

    n_features: int
    strict: bool  # left if value < threshold; else if value <= threshold
    tree_split: Ints
    feature: Ints
    threshold: NDArray[np.float32]
    missing_left: NDArray[np.bool_]
    tree_leaf: Ints
    leaf_value: Floats
    leaf_step: Ints
    step_split: Ints
    step_left: NDArray[np.bool_]
    step_slot: Ints
    leaf_slot: Ints
    slot_feature: Ints
    slot_share: Floats
    slope: float
    intercept: float

    @property
    def most_slots(self) -> int:
        return int(np.diff(self.leaf_slot).max(initial=0))

    @property
    def expected_margin(self) -> float:
        """Return the mean margin over the training weight, from which contributions are counted."""
        share = np.ones(len(self.leaf_value))
        np.multiply.at(share, np.repeat(np.arange(len(share)), np.diff(self.leaf_slot)), self.slot_share)
        return float(share @ self.leaf_value)


def read_forest(content: bytes) -> Forest:
    """Read the one forest of a graph's bytes. Raises CannotExplain for a graph of another kind.

    Cost: about 0.1 s for 300 trees of 64 leaves.
    """
    import onnx  # read where a score is explained for the first time; web and scoring start without it
    from onnx import helper, numpy_helper

    graph = onnx.load_from_string(content).graph
    nodes = [node for node in graph.node if node.op_type == "TreeEnsembleRegressor"]
    if len(nodes) != 1:
        raise CannotExplain("The model is not one sum of trees, so its contributions cannot be computed.")
    given: dict[str, Any] = {one.name: helper.get_attribute_value(one) for one in nodes[0].attribute}
    hit_rates = np.asarray(given.get("nodes_hitrates", []), dtype=np.float64)
    if not len(hit_rates) or np.all(hit_rates == 1.0):
        raise CannotExplain(
            "The model was registered without the covers of its nodes: train it again to have it explained."
        )
    modes = {mode.decode() for mode in given["nodes_modes"]} - {"LEAF"}
    if not modes <= {"BRANCH_LT", "BRANCH_LEQ"} or len(modes) > 1:
        raise CannotExplain(f"Splits of the kinds {', '.join(sorted(modes))} cannot be explained.")
    constants = {tensor.name: float(numpy_helper.to_array(tensor)) for tensor in graph.initializer if not tensor.dims}
    width = graph.input[0].type.tensor_type.shape.dim[1].dim_value
    return _Reader(given, hit_rates).read(
        n_features=width,
        strict=modes == {"BRANCH_LT"},
        slope=constants.get("calibration_slope", 1.0),
        intercept=constants.get("calibration_intercept", 0.0),
    )


class _Reader:
    """Walks every tree once and writes down its splits, and its leaves with their paths."""

    def __init__(self, given: dict[str, Any], covers: Floats) -> None:
        self.given = given
        self.covers = covers
        self.row_of = {
            key: row for row, key in enumerate(zip(given["nodes_treeids"], given["nodes_nodeids"], strict=True))
        }
        weights = zip(given["target_treeids"], given["target_nodeids"], given["target_weights"], strict=True)
        self.value_of = {(tree, node): value for tree, node, value in weights}
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.missing_left: list[bool] = []
        self.leaf_value: list[float] = []
        self.step_split: list[int] = []
        self.step_left: list[bool] = []
        self.step_slot: list[int] = []
        self.slot_feature: list[int] = []
        self.slot_share: list[float] = []
        self.tree_split, self.tree_leaf, self.leaf_step, self.leaf_slot = [0], [0], [0], [0]

    def read(self, **settings: Any) -> Forest:
        for tree in dict.fromkeys(self.given["nodes_treeids"]):
            self._walk(tree)
            self.tree_split.append(len(self.feature))
            self.tree_leaf.append(len(self.leaf_value))
        return Forest(
            **settings,
            tree_split=_ints(self.tree_split),
            feature=_ints(self.feature),
            threshold=np.array(self.threshold, dtype=np.float32),
            missing_left=np.array(self.missing_left, dtype=bool),
            tree_leaf=_ints(self.tree_leaf),
            leaf_value=np.array(self.leaf_value, dtype=np.float64),
            leaf_step=_ints(self.leaf_step),
            step_split=_ints(self.step_split),
            step_left=np.array(self.step_left, dtype=bool),
            step_slot=_ints(self.step_slot),
            leaf_slot=_ints(self.leaf_slot),
            slot_feature=_ints(self.slot_feature),
            slot_share=np.array(self.slot_share, dtype=np.float64),
        )

    def _walk(self, tree: int) -> None:
        given, first = self.given, len(self.feature)
        pending: list[tuple[int, list[tuple[int, bool, int, float]]]] = [(0, [])]
        while pending:
            node, path = pending.pop()
            row = self.row_of[(tree, node)]
            if given["nodes_modes"][row] == b"LEAF":
                self._add_leaf(self.value_of.get((tree, node), 0.0), path)
                continue
            split, feature, cover = len(self.feature) - first, given["nodes_featureids"][row], self.covers[row]
            self.feature.append(feature)
            self.threshold.append(given["nodes_values"][row])
            self.missing_left.append(bool(given["nodes_missing_value_tracks_true"][row]))
            for child, is_left in ((given["nodes_truenodeids"][row], True), (given["nodes_falsenodeids"][row], False)):
                share = self.covers[self.row_of[(tree, child)]] / cover if cover else 0.0
                pending.append((child, [*path, (split, is_left, feature, share)]))

    def _add_leaf(self, value: float, path: list[tuple[int, bool, int, float]]) -> None:
        slots: dict[int, int] = {}
        shares: list[float] = []
        for split, is_left, feature, share in path:
            slot = slots.setdefault(feature, len(slots))
            if slot == len(shares):
                shares.append(1.0)
            shares[slot] *= share
            self.step_split.append(split)
            self.step_left.append(is_left)
            self.step_slot.append(slot)
        self.leaf_value.append(value)
        self.slot_feature += slots
        self.slot_share += shares
        self.leaf_step.append(len(self.step_split))
        self.leaf_slot.append(len(self.slot_feature))


def _ints(values: list[int]) -> Ints:
    return np.array(values, dtype=np.int32)
