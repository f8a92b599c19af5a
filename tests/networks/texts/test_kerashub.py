"""A tiny BERT of random weights in Hugging Face's form, read by KerasHub and fine-tuned."""

import json

import numpy as np
import pandas as pd
import pytest

from pipeline.context import Context
from pipeline.metrics import find_metric
from pipeline.models.transformer import Transformer  # noqa: F401 (registers it)
from pipeline.networks.texts import encoder as encoders
from pipeline.tasks.span import Span
from pipeline.tasks.span_truth import SpanTruth
from pipeline.testing import TASKS, build, dataset_of, small_dataset

pytestmark = pytest.mark.skipif(
    not encoders.installed(), reason="KerasHub is not installed (make setup TEXT=1)"
)
WIDTH, BLOCKS, WORDS = 8, 2, ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "small", "quick", "wing", "long", "tail"]


def tensors():
    """Names and random values of a BERT of that size."""
    rng = np.random.default_rng(0)
    shapes = {
        "embeddings.word_embeddings.weight": (len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": (32, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.weight": (WIDTH, WIDTH),
        "pooler.dense.bias": (WIDTH,),
    }
    for number in range(BLOCKS):
        for name, (out, into) in {
            **{f"attention.self.{part}": (WIDTH, WIDTH) for part in ("query", "key", "value")},
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (2 * WIDTH, WIDTH),
            "output.dense": (WIDTH, 2 * WIDTH),
        }.items():
            shapes |= {f"encoder.layer.{number}.{name}.weight": (out, into)}
            shapes |= {f"encoder.layer.{number}.{name}.bias": (out,)}
        for name in ("attention.output", "output"):
            norm = f"encoder.layer.{number}.{name}.LayerNorm"
            shapes |= {f"{norm}.weight": (WIDTH,), f"{norm}.bias": (WIDTH,)}
    return {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture
def folder(tmp_path):
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    save_file(tensors(), str(tmp_path / "model.safetensors"))
    sizes = {"vocab_size": len(WORDS), "num_hidden_layers": BLOCKS, "num_attention_heads": 2}
    sizes |= {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "max_position_embeddings": 32}
    config = {"model_type": "bert", "pad_token_id": 0, **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    words = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    words.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


@pytest.mark.slow
def test_an_encoder_of_kerashub_is_fine_tuned_and_loaded(folder, tmp_path):
    keys = {"weights": str(folder), "columns": ["words"], "finetune": "all", "epochs": 30}
    keys |= {
        "layer_decay": 0.8,
        "reinit": 1,
        "pooling": "layers",
        "dropout_samples": 2,
        "learning_rate": 0.01,
    }
    data, task = small_dataset("classification"), TASKS["classification"]
    model = build("transformer", keys, task)
    assert model.config.problems("models.m") == []
    model.fit(data.rows(np.arange(60)), None, Context(seed=1))
    asked = data.rows(np.arange(60, 90))
    said = model.predict(asked)
    assert (said.argmax(axis=1) == asked.target).all()
    saved = tmp_path / "saved"
    saved.mkdir()
    model.save(saved)
    loaded = build("transformer", keys, task).load(saved)
    np.testing.assert_array_equal(loaded.predict(asked), said)
    assert loaded.embed(asked).shape == (30, WIDTH)


@pytest.mark.slow
def test_an_encoder_of_kerashub_points_at_words(folder, tmp_path):
    """The answer is two words; texts are of several windows, a question stands before each."""
    rng, rows, texts = np.random.default_rng(0), 60, []
    for _ in range(rows):
        words, place = rng.choice(["small", "quick", "wing"], 24).tolist(), int(rng.integers(0, 23))
        texts.append(" ".join([*words[:place], "long", "tail", *words[place + 2 :]]))
    truth = SpanTruth(texts, ["long tail"] * rows)
    task = Span(("start", "end"), 24, "text", truth)
    table = pd.DataFrame({"ask": ["small wing", "quick wing"] * (rows // 2), "text": texts})
    target = np.hstack([np.arange(rows, dtype=float)[:, None], truth.spans])
    kinds = {"ask": "text", "text": "text"}
    data = dataset_of(np.arange(rows).astype(str), table, target=target, kinds=kinds)
    keys = {
        "weights": str(folder),
        "finetune": "all",
        "epochs": 20,
        "learning_rate": 0.02,
        "max_length": 20,
        "stride": 4,
    }
    model = build("transformer", keys, task)
    assert model.config.problems("models.m") == []
    model.fit(data.rows(np.arange(45)), None, Context(seed=1))
    assert model.notes()["windows"] > 45
    asked = data.rows(np.arange(45, rows))
    said = model.predict(asked)
    assert find_metric("word_jaccard").of(task)(target[45:], said) > 0.5, "the whole text has 0.08"
    saved = tmp_path / "saved"
    saved.mkdir()
    model.save(saved)
    loaded = build("transformer", keys, task).load(saved)
    np.testing.assert_array_equal(loaded.predict(asked), said)
