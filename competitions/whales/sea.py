"""The sea of the generated pictures: waves, foam and glare whose look belongs to a day."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from competitions.whales.noise import fractal_noise, ramp, smooth_noise

# (deep water, reflected sky), RGB in 0..1; a day mixes two neighbours of the list.
WATERS = (
    ((0.04, 0.16, 0.27), (0.55, 0.68, 0.80)),  # open blue
    ((0.07, 0.25, 0.32), (0.62, 0.74, 0.80)),  # blue-green
    ((0.13, 0.29, 0.25), (0.66, 0.74, 0.70)),  # green, much plankton
    ((0.20, 0.27, 0.27), (0.72, 0.76, 0.76)),  # grey-green under cloud
    ((0.16, 0.22, 0.29), (0.66, 0.72, 0.80)),  # steel
)
WAVELENGTH = (18.0, 75.0)  # pixels, of the highest waves
GLINT_WIDTH = 0.45  # spread of the slopes that mirror the sun, in deviations of the slope


@dataclass(frozen=True)
class Weather:
    """What sea and light look like on one day.

    Attributes:
        water, sky: RGB in 0..1.
        wind: direction of the waves, radians.
        wavelength: of the highest waves, pixels.
        order: how closely all waves keep the direction of the wind (0: not at all).
        chop: strength of the light and dark of the waves.
        foam: share of white water, 0..1.
        sun: direction of the sun, radians.
        glare: strength of the sun's reflection.
        clearness: depth at which a body fades to 1/e, in lengths of the head's axis.
        exposure: gain of the camera.
        warmth: of the white balance, -1..1.
        haze: share of grey over everything.
    """

    water: tuple[float, float, float]
    sky: tuple[float, float, float]
    wind: float
    wavelength: float
    order: float
    chop: float
    foam: float
    sun: float
    glare: float
    clearness: float
    exposure: float
    warmth: float
    haze: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Weather:
        """Returns the look of a new day."""
        first = int(rng.integers(len(WATERS)))
        share = rng.uniform(0.0, 0.6)
        waters = np.array([WATERS[first], WATERS[(first + 1) % len(WATERS)]])
        water, sky = (1 - share) * waters[0] + share * waters[1]
        return cls(
            water=tuple(water * rng.uniform(0.8, 1.2)),
            sky=tuple(sky),
            wind=rng.uniform(0, 2 * np.pi),
            wavelength=float(np.exp(rng.uniform(*np.log(WAVELENGTH)))),
            order=rng.uniform(0.5, 4.0),
            chop=rng.uniform(0.5, 1.3),
            foam=rng.uniform(0.0, 1.0) ** 2,
            sun=rng.uniform(0, 2 * np.pi),
            glare=rng.uniform(0.0, 1.0) ** 1.5,
            clearness=rng.uniform(0.18, 0.45),
            exposure=rng.uniform(0.8, 1.2),
            warmth=rng.uniform(-1.0, 1.0),
            haze=rng.uniform(0.0, 0.16),
        )

    def later(self, rng: np.random.Generator) -> Weather:
        """Returns the same day some minutes on: the sea as it was, the light a little other."""
        return replace(
            self,
            wind=self.wind + rng.normal(0, 0.12),
            wavelength=self.wavelength * rng.uniform(0.9, 1.1),
            sun=self.sun + rng.normal(0, 0.15),
            glare=self.glare * rng.uniform(0.8, 1.2),
            exposure=self.exposure * rng.uniform(0.94, 1.06),
        )


@dataclass(frozen=True)
class Sea:
    """A drawn sea.

    Attributes:
        colour: float32 (height, width, 3), RGB in 0..1.
        level: float32 (height, width), height of the surface, mean 0, deviation 1.
        slope: float32 (2, height, width), its slopes along x and y, deviation about 1.
    """

    colour: np.ndarray
    level: np.ndarray
    slope: np.ndarray


def draw_sea(rng: np.random.Generator, weather: Weather, shape: tuple[int, int]) -> Sea:
    """Returns a sea of the `shape` (height, width) as it looks in that weather."""
    level = _waves(rng, weather, shape)
    slope = np.stack(np.gradient(level)[::-1])
    slope /= slope.std()
    water, sky = (np.array(colour, np.float32) for colour in (weather.water, weather.sky))
    toward_sun = slope[0] * np.float32(np.cos(weather.sun)) + slope[1] * np.float32(np.sin(weather.sun))
    mirror = np.clip(0.14 + 0.09 * weather.chop * toward_sun, 0.02, 0.6)[..., None]
    shade = (1 + 0.10 * weather.chop * level)[..., None]
    colour = water * shade * (1 - mirror) + sky * mirror
    colour += (0.85 * weather.glare * _glints(weather, slope))[..., None]
    colour = _whiten(colour, weather.foam * _whitecaps(rng, weather, level))
    return Sea(colour.astype(np.float32), level, slope)


def _waves(rng: np.random.Generator, weather: Weather, shape: tuple[int, int]) -> np.ndarray:
    """Returns the height of the surface: white noise, shaped by a spectrum with a direction."""
    height, width = shape
    across = np.fft.rfftfreq(width).astype(np.float32)[None, :]
    down = np.fft.fftfreq(height).astype(np.float32)[:, None]
    frequency = np.hypot(across, down)
    frequency[0, 0] = 1.0
    peak = np.float32(1 / weather.wavelength)
    along = (across * np.float32(np.cos(weather.wind)) + down * np.float32(np.sin(weather.wind))) / frequency
    amplitude = np.exp(-0.6 * (peak / frequency) ** 2) * (peak / frequency) ** 1.9
    amplitude *= np.abs(along) ** np.float32(weather.order) + np.float32(0.12)
    amplitude[0, 0] = 0.0
    noise = np.fft.rfft2(rng.standard_normal(shape, dtype=np.float32))
    level = np.fft.irfft2(noise * amplitude, s=shape).astype(np.float32)
    return level / level.std()


def _glints(weather: Weather, slope: np.ndarray) -> np.ndarray:
    """Returns where a wave mirrors the sun: often on the sun's side of the picture, else seldom."""
    height, width = slope.shape[1:]
    sun = np.array([np.cos(weather.sun), np.sin(weather.sun)], np.float32)
    side = sun[0] * np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    side = side + sun[1] * np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    needed = np.float32(2.2) - side * np.float32(1.1)  # slope toward the sun that would mirror it
    along = slope[0] * sun[0] + slope[1] * sun[1] - needed
    aside = slope[0] * sun[1] - slope[1] * sun[0]
    return np.exp((along**2 + (0.6 * aside) ** 2) * np.float32(-0.5 / GLINT_WIDTH**2))


def _whitecaps(rng: np.random.Generator, weather: Weather, level: np.ndarray) -> np.ndarray:
    """Returns white water, 0..1: on the crests, in the patches where waves break."""
    patches = smooth_noise(rng, level.shape, 1.2 * weather.wavelength)
    lace = fractal_noise(rng, level.shape, 9.0, octaves=3)
    return ramp(0.9 * level + 0.8 * patches + 0.55 * lace, 2.4, 4.2)


def _whiten(colour: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Returns the colour mixed with the white of foam."""
    share = share[..., None]
    return colour * (1 - share) + np.float32(0.92) * share
