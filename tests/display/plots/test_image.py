import io

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from bayeshlm.display.plots.image import MOST_BYTES, image_of, off_screen


def drawn(n):
    axes = Figure(figsize=(3, 2)).add_subplot()
    axes.plot(np.arange(n), np.sin(np.arange(n)), "o", gid="points")
    return axes


def test_few_points_are_a_drawing_and_the_same_each_time():
    image = image_of(drawn(10))
    assert image.kind == "image/svg+xml"
    assert b'id="points"' in image.data
    assert image == image_of([drawn(10)])
    assert 2 < image.width < 3.2


def test_many_points_are_pixels_of_the_same_size():
    image = image_of(drawn(20_000))
    assert image.kind == "image/png"
    assert len(image.data) < MOST_BYTES
    height, width = plt.imread(io.BytesIO(image.data)).shape[:2]
    np.testing.assert_allclose([width / 200, height / 200], [image.width, image.height], atol=0.02)


def test_figures_made_off_screen_are_closed_and_others_stay():
    own, _ = plt.subplots()
    with off_screen():
        plt.subplots()
        assert not plt.isinteractive()
    assert plt.get_fignums() == [own.number]
    plt.close(own)
