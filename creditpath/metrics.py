"""Figures for Prometheus, read from the database when they are asked for, so that every web process says the same."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# A gauge is one number, or one number for each value of its label.
Reading = float | Mapping[str, float]
_gauges: dict[str, tuple[str, str, Callable[[], Reading]]] = {}


def gauge(name: str, help_text: str, *, label: str = "") -> Callable[[Callable[[], Reading]], Callable[[], Reading]]:
    """Register a function whose result /metrics shows; name the unit in the name, such as creditpath_queue_age_seconds."""

    def register(read: Callable[[], Reading]) -> Callable[[], Reading]:
        _gauges[name] = (help_text, label, read)
        return read

    return register


class _Gauges(Collector):
    def collect(self) -> Iterator[Metric]:
        for name, (help_text, label, read) in sorted(_gauges.items()):
            family = GaugeMetricFamily(name, help_text, labels=[label] if label else None)
            reading = read()
            if isinstance(reading, Mapping):
                for value, figure in sorted(reading.items()):
                    family.add_metric([value], figure)
            else:
                family.add_metric([], reading)
            yield family


def render_metrics() -> bytes:
    """Read every gauge, one query or a few each, and write them in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges())
    return generate_latest(registry)
