"""U-Nets: an encoder's maps at every stride, and a decoder that goes back up through them.

After Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image Segmentation"
(MICCAI 2015). Or a pyramid of features in the decoder's place: Lin et al., "Feature Pyramid Networks for
Object Detection" (CVPR 2017), merged as in Kirillov et al., "Panoptic Feature Pyramid Networks" (CVPR 2019).
"""

from __future__ import annotations

from typing import Any

from pipeline.networks.backbones import find_backbone
from pipeline.networks.building import ADAPTED_MOMENTUM, application
from pipeline.networks.dense.centre_classes import NAME as CLASSES
from pipeline.networks.dense.centre_classes import class_layer
from pipeline.networks.dense.encoder_config import PLAIN
from pipeline.networks.dense.structure import CLASS_FEATURES, DecoderStructure
from pipeline.networks.keras_import import load_keras
from pipeline.networks.layers import norm_layer, preprocess, standardise, with_own_norms
from pipeline.networks.structure import ExtractorStructure

DEEPEST = 32  # stride of the last map
PLAIN_STRIDES = (1, 2, 4, 8, 16)
FINEST = 8  # channels at stride 1, at least
FAINTEST = 0.02  # added to a picture's deviation, in those of all training pixels
PYRAMID = 4  # finest stride that a pyramid of features sees
LUMA = (0.299, 0.587, 0.114)
FEWEST_CHANNELS = 4  # a map of fewer is the picture itself


def build_encoder(structure: ExtractorStructure, decoder: DecoderStructure) -> Any:
    """Returns a new, untrained Keras model: uint8 pictures to a list of maps, the finest first.

    Args:
        structure: what it is; its pooling is of no account.
        decoder: what reads its maps; it says what a plain encoder is like.
    """
    keras = load_keras()
    inputs = keras.Input(structure.shape, dtype="uint8")
    x = keras.ops.cast(inputs, "float32")
    if structure.backbone == PLAIN:
        x = standardise(keras, x)
        x = with_own_contrast(keras, x) if decoder.own_contrast else x
        return keras.Model(inputs, _plain_maps(keras, together(keras, x, decoder.finest), decoder))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    if structure.shape[2] == 1:
        x = keras.ops.repeat(x, 3, axis=-1)
    x = preprocess(keras, x, find_backbone(structure.backbone).convention)
    height, width, _ = structure.shape
    backbone = with_own_norms(
        keras, application(structure.backbone, structure.alpha, None, (height, width, 3))
    )
    maps = keras.Model(backbone.input, skips(backbone))(x)
    return keras.Model(inputs, [scaled, *maps])


def skips(model: Any) -> list[Any]:
    """Returns the maps of a network, one per stride, the finest first.

    A map is what leaves its stride: the last of that size in the graph. Those of padded sizes, whose stride
    is no power of two, are none.
    """
    height, width = model.input_shape[1:3]
    found: dict[int, Any] = {}
    for layer in model.layers:
        outputs = layer.output if isinstance(layer.output, list) else [layer.output]
        for output in outputs:
            if len(output.shape) != 4 or output.shape[3] < FEWEST_CHANNELS:
                continue
            stride = height // output.shape[1]
            exact = stride * output.shape[1] == height and stride * output.shape[2] == width
            if exact and stride <= DEEPEST and stride & (stride - 1) == 0:
                found[stride] = output
    return [found[stride] for stride in sorted(found)]


def build_decoder(structure: DecoderStructure, maps: list[tuple[int, ...]]) -> Any:
    """Returns a Keras model: the encoder's maps to a list of logits, the finest first.

    The first are float32 (n, height, width, layers), at the stride of the answer. With deep supervision
    others follow, each at the size of a map of the decoder.

    Args:
        structure: what it is.
        maps: shapes (None, h, w, channels), the finest first.
    """
    keras = load_keras()
    inputs = [keras.Input(shape[1:]) for shape in maps]
    side = structure.finest * maps[0][1]
    build = _pyramid if structure.decoder == "fpn" else _upwards
    answer, coarser = build(keras, structure, inputs, side)
    if not structure.deep_supervision:
        coarser = []
    if structure.classes:
        answer = class_layer(keras)(structure.classes, CLASS_FEATURES, name=CLASSES)(answer)
    return keras.Model(inputs, [answer, *(_logits(keras, x, structure.layers) for x in coarser)])


def _upwards(keras: Any, structure: DecoderStructure, maps: list[Any], side: int) -> tuple[Any, list[Any]]:
    """Returns a U-Net's logits, and its maps on the way up to them, the finest first.

    Args:
        keras: the library.
        structure: what it is.
        maps: of the encoder, the finest first.
        side: height of the picture.
    """
    layers, finest = keras.layers, structure.finest
    x = maps[-1]
    passed: list[Any] = []
    for skip in reversed(maps[:-1]):
        stride = side // skip.shape[1]
        if stride < structure.stride:
            break
        x = layers.UpSampling2D(skip.shape[1] // x.shape[1])(x)
        x = layers.Concatenate()([x, skip])
        x = _block(keras, x, _channels(structure, stride), 1 if stride == finest else 2)
        passed.insert(0, x)
    begin = "zeros" if structure.begin else "glorot_uniform"  # the picture as it is, nothing added
    times = max(1, finest // structure.stride)
    return apart(keras, _logits(keras, x, structure.layers * times**2, begin), times), passed[1:]


def _pyramid(keras: Any, structure: DecoderStructure, maps: list[Any], side: int) -> tuple[Any, list[Any]]:
    """Returns logits of a pyramid of features, and its maps, the finest first; arguments as `_upwards`."""
    layers, width = keras.layers, _channels(structure, 2 * PYRAMID)
    seen = [one for one in maps if side // one.shape[1] >= PYRAMID]
    x = layers.Conv2D(width, 1)(seen[-1])
    passed: list[Any] = []
    for skip in [*reversed(seen[:-1]), None]:
        passed.insert(0, _block(keras, x, width, 1))
        if skip is not None:
            x = layers.UpSampling2D(skip.shape[1] // x.shape[1])(x)
            x = layers.Add()([x, layers.Conv2D(width, 1)(skip)])
    top = passed[0].shape[1]
    grown = [_enlarged(keras, one, top // one.shape[1]) for one in passed]
    merged = _block(keras, layers.Add()(grown) if len(grown) > 1 else grown[0], width, 1)
    return _enlarged(keras, _logits(keras, merged, structure.layers), side // top // structure.stride), passed


def _enlarged(keras: Any, x: Any, times: int) -> Any:
    """Returns maps so many times as high and wide, linearly between their pixels."""
    return keras.layers.UpSampling2D(times, interpolation="bilinear")(x) if times > 1 else x


def _logits(keras: Any, x: Any, channels: int, begin: str = "glorot_uniform") -> Any:
    return keras.layers.Conv2D(channels, 1, dtype="float32", kernel_initializer=begin)(x)


def at_one_size(keras: Any, logits: list[Any]) -> Any:
    """Returns logits of several resolutions as one array (n, height, width, layers * resolutions).

    Pixels are repeated: what a loss says of them is what it says of the coarse ones, each by its truths.
    """
    height = logits[0].shape[1]
    grown = [keras.layers.UpSampling2D(height // one.shape[1])(one) for one in logits[1:]]
    return keras.layers.Concatenate()([logits[0], *grown]) if grown else logits[0]


def together(keras: Any, x: Any, side: int) -> Any:
    """Returns maps (n, h, w, c) as (n, h / side, w / side, c * side * side): squares of pixels as one.

    Nothing is lost, and what follows is quicker (FFDNet; Zhang, Zuo and Zhang, TIP 2018).
    """
    if side == 1:
        return x
    _, height, width, channels = x.shape
    x = keras.ops.reshape(x, (-1, height // side, side, width // side, side, channels))
    x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return keras.ops.reshape(x, (-1, height // side, width // side, side * side * channels))


def apart(keras: Any, x: Any, side: int) -> Any:
    """Returns maps (n, h, w, side * side * c) as (n, h * side, w * side, c): undoes `together`."""
    if side == 1:
        return x
    _, height, width, channels = x.shape
    x = keras.ops.reshape(x, (-1, height, width, side, side, channels // side**2))
    x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return keras.ops.reshape(x, (-1, height * side, width * side, channels // side**2))


def greys(keras: Any, pictures: Any, last: bool = False) -> Any:
    """Returns uint8 pictures (n, h, w, channels) in grey, float32 (n, h, w, 1) from 0 to 1 (ITU-R 601).

    Args:
        keras: the library.
        pictures: of one channel or three, or with others behind them.
        last: the last channel is asked for.
    """
    x = keras.ops.cast(pictures, "float32") / 255.0
    if last or pictures.shape[-1] == 1:
        return x[..., -1:]
    return keras.ops.sum(x * keras.ops.array(LUMA, "float32"), axis=-1, keepdims=True)


def with_own_contrast(keras: Any, x: Any) -> Any:
    """Returns pictures and, as further channels, each less its own mean over its own deviation.

    What is faint in a dark picture is to a network that sees few of these as dark as nothing at all.
    """
    ops = keras.ops
    mean, variance = ops.moments(x, axes=(1, 2), keepdims=True)
    return ops.concatenate([x, (x - mean) / (ops.sqrt(variance) + FAINTEST)], axis=-1)


def _plain_maps(keras: Any, x: Any, structure: DecoderStructure) -> list[Any]:
    maps: list[Any] = []
    for stride in PLAIN_STRIDES[PLAIN_STRIDES.index(structure.finest) :]:
        x = keras.layers.MaxPooling2D(2)(x) if maps else x
        x = _block(keras, x, _channels(structure, stride), 2)
        maps.append(x)
    return maps


def _channels(structure: DecoderStructure, stride: int) -> int:
    return max(FINEST, structure.width * stride // 2)


def _block(keras: Any, x: Any, channels: int, times: int) -> Any:
    """Returns convolutions of 3 x 3, each normalised and rectified."""
    layers = keras.layers
    for _ in range(times):
        x = layers.Conv2D(channels, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
        x = norm_layer(keras)(momentum=ADAPTED_MOMENTUM)(x)
        x = layers.ReLU()(x)
    return x
