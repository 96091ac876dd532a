"""Classes hold every count once; ramps are read in order by any eye."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue
from gridmap.maps import colours

# Linear RGB seen with one kind of cone missing (Machado, Oliveira and Fernandes 2009,
# severity 1.0).
BLIND = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": np.eye(3).tolist(),
}


def linear(colour: str) -> np.ndarray:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(rgb: np.ndarray) -> float:
    return float(np.clip(rgb, 0, 1) @ [0.2126, 0.7152, 0.0722])


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* (D65) from linear RGB."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = (to_xyz @ np.clip(rgb, 0, 1)) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", BLIND)
@pytest.mark.parametrize("classes", colours.RAMPS)
def test_a_ramp_darkens_step_by_step_for_every_eye(classes: int, sight: str) -> None:
    seen = [lab(np.array(BLIND[sight]) @ linear(c)) for c in colours.ramp(classes)]
    lightness = [x[0] for x in seen]
    assert all(a - b > 4 for a, b in pairwise(lightness))
    apart = [float(np.linalg.norm(a - b)) for a, b in pairwise(seen)]
    assert all(d > 8 for d in apart)


def test_no_ramp_holds_red() -> None:
    for ramp in colours.RAMPS.values():
        for colour in ramp:
            red, green, _ = linear(colour)
            assert red < green


@pytest.mark.parametrize("theme", colours.PIN_COLOURS)
def test_white_letters_are_readable_on_every_pin(theme: str) -> None:
    contrast = 1.05 / (luminance(linear(colours.PIN_COLOURS[theme])) + 0.05)
    assert contrast >= 4.5


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=60), st.integers(1, 6))
def test_every_count_above_zero_is_in_exactly_one_class(counts: list[int], classes: int) -> None:
    made = colours.count_classes(counts, classes=classes)
    assert len(made) <= classes
    for count in counts:
        holders = [c for c in made if c.low <= count <= c.high]
        assert len(holders) == (1 if count else 0)
    assert all(a.high + 1 == b.low for a, b in pairwise(made))


def test_classes_hold_about_as_many_areas_each() -> None:
    made = colours.count_classes(range(1, 101), classes=5)
    assert [(c.low, c.high) for c in made] == [(1, 20), (21, 40), (41, 60), (61, 80), (81, 100)]


def test_few_different_counts_give_few_classes() -> None:
    assert [(c.low, c.high) for c in colours.count_classes([7, 7, 7, 0])] == [(7, 7)]
    assert colours.count_classes([0, 0]) == []
    assert colours.count_classes([]) == []


def test_zero_and_a_count_outside_have_no_class() -> None:
    made = colours.count_classes([5, 10])
    assert colours.class_of(0, made) is None
    assert colours.class_of(11, made) is None
    assert colours.class_of(10, made) == len(made) - 1


@pytest.mark.parametrize("classes", [0, 7])
def test_a_number_of_classes_without_a_ramp_is_refused(classes: int) -> None:
    with pytest.raises(BadValue, match="1 to 6 classes"):
        colours.count_classes([1], classes=classes)
