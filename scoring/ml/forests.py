"""Trees as flat arrays, read from either library, and as one node of an ONNX graph."""

import json
from dataclasses import dataclass, field
from typing import Any

import lightgbm
import numpy as np
import onnx
import xgboost
from numpy.typing import NDArray
from onnx import helper

LEAF = "LEAF"
FLOAT32 = np.finfo(np.float32)
LIGHTGBM_ZERO = float(np.float32(1e-35))


class CannotExport(ValueError):
    """A model that the exported graph could not repeat exactly."""


@dataclass
class Forest:
    """Sum of trees; a row goes left if its value compares true or is missing and missing goes left.

    `compare` is BRANCH_LT (XGBoost) or BRANCH_LEQ (LightGBM). Lists are parallel, one entry a node; children are node numbers
    inside the tree. Thresholds are float32 values. `cover` is how much training weight reached a node, as the library counts it;
    the graph carries it as hit rates, which change no score and are what explanations need besides.
    """

    compare: str
    tree: list[int] = field(default_factory=list)
    node: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    missing_goes_left: list[int] = field(default_factory=list)
    mode: list[str] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)
    leaf_tree: list[int] = field(default_factory=list)
    leaf_node: list[int] = field(default_factory=list)
    leaf_value: list[float] = field(default_factory=list)

    def add_split(
        self,
        *,
        tree: int,
        node: int,
        feature: int,
        threshold: float,
        left: int,
        right: int,
        missing_goes_left: bool,
        cover: float,
    ) -> None:
        if round_down_to_float32(threshold) != threshold:
            raise CannotExport(f"tree {tree}: the threshold {threshold!r} is no float32 value")
        self._add(tree, node, feature, threshold, left, right, int(missing_goes_left), self.compare, cover)

    def add_leaf(self, *, tree: int, node: int, value: float, cover: float) -> None:
        self._add(tree, node, 0, 0.0, 0, 0, 0, LEAF, cover)
        self.leaf_tree.append(tree)
        self.leaf_node.append(node)
        self.leaf_value.append(value)

    def thresholds(self, n_features: int) -> list[NDArray[np.float32]]:
        """Return the distinct thresholds of each feature."""
        splits = [(f, t) for f, t, mode in zip(self.feature, self.threshold, self.mode, strict=True) if mode != LEAF]
        return [np.unique(np.array([t for f, t in splits if f == k], dtype=np.float32)) for k in range(n_features)]

    def as_onnx_node(self, *, source: str, output: str) -> onnx.NodeProto:
        """Return the node that maps float32 rows (n, k) to the forest's sum (n, 1)."""
        return helper.make_node(
            "TreeEnsembleRegressor",
            [source],
            [output],
            domain="ai.onnx.ml",
            name="forest",
            n_targets=1,
            aggregate_function="SUM",
            post_transform="NONE",
            nodes_treeids=self.tree,
            nodes_nodeids=self.node,
            nodes_featureids=self.feature,
            nodes_values=self.threshold,
            nodes_truenodeids=self.left,
            nodes_falsenodeids=self.right,
            nodes_missing_value_tracks_true=self.missing_goes_left,
            nodes_modes=self.mode,
            nodes_hitrates=self.cover,
            target_ids=[0] * len(self.leaf_tree),
            target_treeids=self.leaf_tree,
            target_nodeids=self.leaf_node,
            target_weights=self.leaf_value,
        )

    def _add(self, *entry: Any) -> None:
        columns: tuple[list[Any], ...] = (
            self.tree, self.node, self.feature, self.threshold, self.left, self.right, self.missing_goes_left, self.mode,
            self.cover,
        )  # fmt: skip
        for column, value in zip(columns, entry, strict=True):
            column.append(value)


def forest_of_xgboost(booster: xgboost.Booster) -> Forest:
    """Read a gbtree booster with the logistic objective.

    XGBoost starts a row's sum at the base (stored as a probability, used as log-odds) and adds the trees in float32, in order.
    With the base inside the first tree's leaves the graph makes the very same additions; added last it could differ by 1e-6.
    """
    learner = json.loads(booster.save_raw("json"))["learner"]
    if learner["gradient_booster"]["name"] != "gbtree" or learner["objective"]["name"] != "binary:logistic":
        raise CannotExport("only gbtree with objective binary:logistic can be exported")
    base = float(learner["learner_model_param"]["base_score"].strip("[]"))
    base_margin = np.float32(np.log(base / (1 - base)))
    forest = Forest(compare="BRANCH_LT")
    for number, tree in enumerate(learner["gradient_booster"]["model"]["trees"]):
        if any(tree["split_type"]):
            raise CannotExport("categorical splits cannot be exported")
        for node, left in enumerate(tree["left_children"]):
            condition = float(np.float32(tree["split_conditions"][node]))
            cover = float(tree["sum_hessian"][node])
            if left == -1:
                value = float(base_margin + np.float32(condition)) if number == 0 else condition
                forest.add_leaf(tree=number, node=node, value=value, cover=cover)
            else:
                forest.add_split(
                    tree=number,
                    node=node,
                    feature=tree["split_indices"][node],
                    threshold=condition,
                    left=left,
                    right=tree["right_children"][node],
                    missing_goes_left=bool(tree["default_left"][node]),
                    cover=cover,
                )
    return forest


def forest_of_lightgbm(booster: lightgbm.Booster) -> Forest:
    """Read a gbdt booster whose thresholds are float32 values, see with_float32_thresholds.

    Where a feature had no missing value in training (missing_type None), LightGBM takes a missing value for 0: it goes left
    if 0 does.
    """
    forest = Forest(compare="BRANCH_LEQ")
    for number, info in enumerate(booster.dump_model()["tree_info"]):
        pending, numbered = [(info["tree_structure"], 0)], 1
        while pending:
            here, node = pending.pop()
            if "split_feature" not in here:
                forest.add_leaf(
                    tree=number, node=node, value=here["leaf_value"], cover=float(here.get("leaf_count", 1))
                )
                continue
            if here["decision_type"] != "<=" or here["missing_type"] == "Zero":
                raise CannotExport(f"{here['decision_type']} splits with missing type {here['missing_type']}")
            missing_as_zero = here["missing_type"] == "None"
            forest.add_split(
                tree=number,
                node=node,
                feature=here["split_feature"],
                threshold=here["threshold"],
                left=numbered,
                right=numbered + 1,
                missing_goes_left=here["threshold"] >= 0 if missing_as_zero else here["default_left"],
                cover=float(here["internal_count"]),
            )
            pending += [(here["left_child"], numbered), (here["right_child"], numbered + 1)]
            numbered += 2
    return forest


def with_float32_thresholds(booster: lightgbm.Booster) -> lightgbm.Booster:
    """Return the same model with thresholds that ONNX can hold: for finite float32 rows it answers the same."""
    lines = []
    for line in booster.model_to_string().split("\n"):
        key, _, values = line.partition("=")
        if key == "threshold" and values:
            exact = (exact_lightgbm_threshold(float(value)) for value in values.split(" "))
            lines.append(f"threshold={' '.join(map(repr, exact))}")
        elif key != "tree_sizes":  # bytes of each tree's text, which change here; the reader does without
            lines.append(line)
    return lightgbm.Booster(model_str="\n".join(lines))


def exact_lightgbm_threshold(value: float) -> float:
    """Return the float32 threshold t' for which `x <= t'` answers what LightGBM answers for every finite float32 x.

    No float32 value lies between a threshold t and t rounded down to float32, so `x <= t` is the same test with either. And
    LightGBM reads every x with |x| <= 1e-35 as 0 before it compares, so a threshold in that range has to move to its edge.
    """
    if -LIGHTGBM_ZERO <= value < 0:
        return float(np.nextafter(np.float32(-LIGHTGBM_ZERO), np.float32(-1)))
    if 0 <= value <= LIGHTGBM_ZERO:
        return LIGHTGBM_ZERO
    return round_down_to_float32(value)


def round_down_to_float32(value: float) -> float:
    """Return the largest finite float32 value not above value, at least -3.4e38 ("not missing" is a split at infinity)."""
    rounded = np.float32(min(value, float(FLOAT32.max)))
    if float(rounded) > value:
        rounded = np.nextafter(rounded, np.float32(-np.inf))
    return float(rounded)
