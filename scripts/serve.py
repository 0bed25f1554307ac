"""An HTTP server that turns sentences into vectors with a transformers model.

    python serve.py MODEL_DIR [--port N]

    GET /embed?text=...    or    POST /embed {"text": "..."}    ->    {"embedding": [...]}
"""

import argparse
import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the model is here: ask nobody

import torch
from transformers import AutoModel, AutoTokenizer


class Embedder:
    def __init__(self, directory):
        torch.set_num_threads(1)  # sums in one order, so the same answer every time
        self.tokenizer = AutoTokenizer.from_pretrained(directory)
        self.model = AutoModel.from_pretrained(directory).eval()

    @torch.inference_mode()
    def __call__(self, text):
        tokens = self.tokenizer(text, return_tensors="pt", truncation=True, max_length=128)
        states = self.model(**tokens).last_hidden_state[0]
        mask = tokens["attention_mask"][0].unsqueeze(-1)
        mean = (states * mask).sum(0) / mask.sum()
        return torch.nn.functional.normalize(mean, dim=0).tolist()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.embed(parse_qs(urlsplit(self.path).query).get("text", [None])[0])

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            self.embed(json.loads(body)["text"])
        except (ValueError, KeyError, TypeError):
            self.embed(None)

    def embed(self, text):
        if urlsplit(self.path).path != "/embed":
            self.answer(404, {"error": "only /embed is here"})
        elif not isinstance(text, str) or not text:
            self.answer(400, {"error": "a text is needed"})
        else:
            self.answer(200, {"embedding": self.server.embedder(text)})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description="Serve a model's sentence embeddings over HTTP.")
    parser.add_argument("model_dir")
    parser.add_argument("--port", type=int, default=8000, help="0 takes any free one")
    args = parser.parse_args()

    embedder = Embedder(args.model_dir)
    with HTTPServer(("127.0.0.1", args.port), Handler) as server:
        server.embedder = embedder
        print(f"serving on http://127.0.0.1:{server.server_port}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
