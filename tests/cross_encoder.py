"""A cross-encoder that is made in a second and knows one word."""

from __future__ import annotations

from pathlib import Path

WORD = "harbour"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")

# The places of a hidden vector: which word, which of the two texts, what was found.
_HIDDEN = 8
_IS_WORD, _IS_OTHER, _FIRST, _SECOND, _FOUND, _MISSED = range(6)


def write_cross_encoder(folder: Path, *, labels: int = 1, max_tokens: int = 128) -> None:
    """Writes the folder as most published cross-encoders are: a BERT, without `modules.json`.

    The score of a text grows with the share that WORD has of its words: 0 without it, 10 for
    nothing else, 3 for one in a hundred. Neither the question nor any other word matters.
    """
    folder.mkdir(parents=True)
    _write_tokenizer(folder, max_tokens)
    _write_model(folder, labels, max_tokens)


def _write_tokenizer(folder: Path, max_tokens: int) -> None:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: number for number, token in enumerate((*_SPECIAL, WORD))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_tokens,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)


def _write_model(folder: Path, labels: int, max_tokens: int) -> None:
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    config = BertConfig(
        vocab_size=len(_SPECIAL) + 1,
        hidden_size=_HIDDEN,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=_HIDDEN,
        max_position_embeddings=max_tokens,
        num_labels=labels,
    )
    model = BertForSequenceClassification(config)
    layer = model.bert.encoder.layer[0]
    attention = layer.attention.self
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(1.0 if name.endswith("LayerNorm.weight") else 0.0)
        embeddings = model.bert.embeddings
        embeddings.word_embeddings.weight[:, _IS_OTHER] = 1.0
        embeddings.word_embeddings.weight[-1, _IS_OTHER] = 0.0
        embeddings.word_embeddings.weight[-1, _IS_WORD] = 1.0
        embeddings.token_type_embeddings.weight[0, _FIRST] = 1.0
        embeddings.token_type_embeddings.weight[1, _SECOND] = 1.0
        # Two ones among zeros have the same mean and deviation everywhere; these undo the norm.
        embeddings.LayerNorm.weight.fill_(0.1875**0.5)
        embeddings.LayerNorm.bias.fill_(0.25)
        # Every token looks at the second text, and there at WORD.
        attention.query.bias[0] = _HIDDEN**0.5
        attention.key.weight[0, _IS_WORD] = 3.0
        attention.key.weight[0, _SECOND] = 30.0
        attention.value.weight[_FOUND, _IS_WORD] = 1.0
        layer.attention.output.dense.weight[_FOUND, _FOUND] = 1.0
        layer.attention.output.dense.weight[_MISSED, _FOUND] = -1.0
        model.bert.pooler.dense.weight[0, _FOUND] = 0.25
        model.bert.pooler.dense.weight[0, _MISSED] = -0.25
        model.classifier.weight[:, 0] = 16.0
    model.save_pretrained(folder)
