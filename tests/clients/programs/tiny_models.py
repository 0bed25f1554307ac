"""Writes tiny models with random weights, as one file and in shards: tiny_models.py DIRECTORY"""

import os
import sys

import torch
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel

torch.manual_seed(1)
bert = BertForMaskedLM(BertConfig(
    vocab_size=1000, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=128,
    max_position_embeddings=64))
gpt2 = GPT2LMHeadModel(GPT2Config(vocab_size=1000, n_positions=64, n_embd=64, n_layer=3, n_head=4))
for name, model in (("bert", bert), ("gpt2", gpt2)):
    # Random biases too, so that a tensor that is left out is noticed.
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    model.save_pretrained(os.path.join(sys.argv[1], name))
    model.save_pretrained(os.path.join(sys.argv[1], name + "-sharded"), max_shard_size="100KB")
