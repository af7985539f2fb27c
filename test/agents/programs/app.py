# A web app of one page: it answers with what APP_URL answers, is asked once by itself, and ends when its input does.
import os
import sys
import threading
import urllib.request
from wsgiref.simple_server import make_server

try:
    from shop_own import WORD
except ImportError:
    WORD = None
print("own value:", WORD, flush=True)


def app(_, start_response):
    with urllib.request.urlopen(os.environ["APP_URL"]) as answer:
        start_response(f"{answer.status} OK", [])
    return [b""]


server = make_server("127.0.0.1", 0, app)
threading.Thread(target=server.serve_forever, daemon=True).start()
with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/") as answer:
    print("app answered:", answer.status, flush=True)
sys.stdin.read()
