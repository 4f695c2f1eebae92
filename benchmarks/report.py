"""What was measured, as one table."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What one request took: at the median, and of the server's processor time on average."""

    milliseconds: float
    cpu_milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The same work done by the product, the plain server, and Mercurius with its JIT on Node."""

    name: str
    product: Timing
    plain: Timing
    mercurius: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What the product adds to its model under a load, in milliseconds.

    Attributes:
        load: How many images are requested at once, or in a second.
    """

    load: str
    median: float
    percentile_95: float
    model_median: float
    product_median: float
    cpu: float
    images_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The same request to a small and to a large database: milliseconds at the median."""

    name: str
    small: float
    large: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchTiming:
    """What watchers of a batch cost, beside nobody and beside graphql-ws.

    Attributes:
        watchers: How many sockets watched.
        pictures: How many the batch had.
        alone: Seconds that a batch took that nobody watched.
        watched: Seconds that the watched one took.
        kilobytes: Memory that the server took for each watcher.
        messages: How many they got, the first of each left out.
        cpu: Microseconds of the server's processor time for each, beyond those of the batch alone.
        peer_kilobytes: Memory that graphql-ws took for each.
        peer_messages: How many it sent.
        peer_cpu: Microseconds of its processor time for each.
    """

    watchers: int
    pictures: int
    alone: float
    watched: float
    kilobytes: float
    messages: float
    cpu: float
    peer_kilobytes: float
    peer_messages: float
    peer_cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTiming:
    """How long a batch took, in seconds.

    Attributes:
        pictures: How many it had.
        concurrency: How many were made at once.
        ideal: Pictures times the model's time, divided by the concurrency.
        alone: What the same calls of the model alone took.
        seconds: From the request to the end.
        cpu: Milliseconds of the server's processor time for each picture.
        megabytes: What the server held in memory afterwards.
    """

    pictures: int
    concurrency: int
    ideal: float
    alone: float
    seconds: float
    cpu: float
    megabytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTiming:
    """What a first visit of a page took in a browser, at the median.

    Attributes:
        name: The page.
        painted: Milliseconds until something is painted.
        complete: Milliseconds until what the page is for is there.
        kilobytes: Received until then, compressed.
    """

    name: str
    painted: float
    complete: float
    kilobytes: float


def page_table(timings: Sequence[PageTiming]) -> str:
    """Write how long pages take."""
    lines = ["Milliseconds of a first visit   painted  complete   KB"]
    lines += [
        f"  {one.name:<27} {one.painted:>9.0f} {one.complete:>9.0f} {one.kilobytes:>4.0f}"
        for one in timings
    ]
    return "\n".join(lines)


def batch_table(timings: Sequence[BatchTiming]) -> str:
    """Write how long batches took beside what is possible."""
    lines = ["Seconds a batch                    ideal   alone  product  of ideal  cpu ms   MB"]
    for one in timings:
        name = f"{one.pictures:>6} pictures, {one.concurrency:>2} at once"
        times = f"{one.ideal:>8.1f} {one.alone:>7.1f} {one.seconds:>8.1f}"
        rest = f"{one.seconds / one.ideal:>8.2f}x {one.cpu:>7.1f} {one.megabytes:>4.0f}"
        lines.append(f"{name:<31} {times} {rest}")
    return "\n".join(lines)


def comparison_table(comparisons: Sequence[Comparison]) -> str:
    """Write what was compared; a factor above 1 is in the product's favor."""
    lines = ["Milliseconds a request           plain  mercurius  product  ÷ plain  ÷ mercurius"]
    for one in comparisons:
        lines.append(one.name)
        for measure, figure in (
            ("latency, median", _milliseconds),
            ("server's processor time", _cpu_milliseconds),
        ):
            plain, peer, product = map(figure, (one.plain, one.mercurius, one.product))
            factors = f"{plain / product:>7.1f}x {peer / product:>11.2f}x"
            lines.append(f"  {measure:<27} {plain:>8.2f} {peer:>10.2f} {product:>8.2f} {factors}")
    return "\n".join(lines)


def _milliseconds(timing: Timing) -> float:
    return timing.milliseconds


def _cpu_milliseconds(timing: Timing) -> float:
    return timing.cpu_milliseconds


def addition_table(additions: Sequence[Addition]) -> str:
    """Write what generateImage adds to its model."""
    lines = ["Milliseconds a picture           model  product   added  added p95  cpu  pictures/s"]
    for one in additions:
        medians = f"{one.model_median:>8.1f} {one.product_median:>8.1f} {one.median:>7.1f}"
        rest = f"{one.percentile_95:>10.1f} {one.cpu:>4.1f} {one.images_per_second:>11.1f}"
        lines.append(f"generateImage, {one.load:<14} {medians} {rest}")
    return "\n".join(lines)


def growth_table(database: str, growths: Sequence[Growth], images: int) -> str:
    """Write what grew with the number of images; a ratio of 1 is flat."""
    lines = [f"{database + ', milliseconds':<30} {'10,000':>10} {images:>10,} images, ratio"]
    for one in growths:
        ratio = one.large / one.small
        lines.append(f"  {one.name:<28} {one.small:>10.1f} {one.large:>10.1f} {ratio:>13.2f}x")
    return "\n".join(lines)


def watch_table(found: WatchTiming) -> str:
    """Write what watchers cost."""
    title = f"{found.watchers} watchers of a batch of {found.pictures}"
    lines = [f"{title:36} product graphql-ws   ratio"]
    for name, ours, theirs in (
        ("processor time a message, µs", found.cpu, found.peer_cpu),
        ("memory a watcher, KB", found.kilobytes, found.peer_kilobytes),
        ("messages", found.messages, found.peer_messages),
    ):
        lines.append(f"  {name:34} {ours:7.0f} {theirs:10.0f} {ours / theirs:7.2f}")
    lines.append(f"{'Seconds':36} watched  unwatched   ratio")
    ratio = found.watched / found.alone
    lines.append(f"  {'the batch':34} {found.watched:7.1f} {found.alone:10.1f} {ratio:7.2f}")
    return "\n".join(lines)
