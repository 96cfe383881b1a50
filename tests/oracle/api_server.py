"""A fake kube-apiserver on loopback: discovery, create, read, replace, patch, delete; state starts empty."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from .events import ObjectKey
from .go_programs import GoProgramError
from .kinds import Kind
from .selectors import selects
from .store import Store

_PATH = re.compile(
    r"/(?:api|apis/(?P<group>[^/]+))/(?P<version>v[^/]+)(?:/namespaces/(?P<ns>[^/]+)(?=/))?/(?P<rest>.+)"
)
_VERSION = {"major": "1", "minor": "33", "gitVersion": "v1.33.0", "platform": "linux/amd64", "goVersion": "go1.24"}


class Programs(Protocol):
    """The fake programs, which share the server's state and its order of events."""

    def call(self, program: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of a fake program."""


@dataclass(frozen=True)
class Target:
    """What a request path speaks of; `name` is empty for a collection."""

    kind: Kind
    namespace: str
    name: str
    subresource: str

    @property
    def key(self) -> ObjectKey:
        """The key of the object."""
        return (self.kind.api_version, self.kind.kind, self.namespace, self.name)


class ApiServer(ThreadingHTTPServer):
    """The server with its store; `programs` is set once the fake programs exist."""

    daemon_threads = True
    programs: Programs

    def __init__(self, store: Store) -> None:
        self.store = store
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator["ApiServer"]:
        """Serve in a thread until the context ends."""
        thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            self.server_close()
            thread.join()

    def target(self, path: str) -> Target | None:
        """Return what a path speaks of, None when nothing is served there."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        words = [*match["rest"].split("/"), "", ""]
        api_version = f"{match['group']}/{match['version']}" if match["group"] else match["version"]
        kind = self.store.kinds.at(api_version, words[0])
        return Target(kind, match["ns"] or "", words[1], words[2]) if kind else None

    def discovery(self, path: str) -> dict[str, Any] | None:
        """Answer a discovery request."""
        if path == "/version":
            return _VERSION
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = [_group(name, versions) for name, versions in self.store.kinds.groups().items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        match = re.fullmatch(r"/api/(v1)|/apis/([^/]+/[^/]+)", path)
        return self.store.kinds.resource_list(match[1] or match[2]) if match else None


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[-1]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ApiServer

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _serve(self) -> None:
        url = urlsplit(self.path)
        path, query = url.path.rstrip("/"), {name: values[-1] for name, values in parse_qs(url.query).items()}
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body: Any = json.loads(text) if text else None
        if path.startswith("/oracle/"):  # without the lock: a fake program may ask this server in turn
            return self._send(200, self.server.programs.call(path.removeprefix("/oracle/"), body))
        with self.server.store.lock:
            try:
                code, answer = self._answer(path, query, body)
            except GoProgramError as error:
                code, answer = _failure(400, "BadRequest", str(error))
        return self._send(code, answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - names of http.server

    def _answer(self, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        discovered = self.server.discovery(path) if self.command == "GET" else None
        if discovered:
            return 200, discovered
        target = self.server.target(path)
        if target is None:
            return _failure(404, "NotFound", "the server could not find the requested resource")
        if self.command == "POST":
            return self._create(target, body, query)
        if not target.name:
            return self._collection(target, query)
        if target.key not in self.server.store and not self._applies():
            return _not_found(target)
        return self._one(target, body, query)

    def _applies(self) -> bool:
        return self.command == "PATCH" and "apply-patch" in self.headers.get("Content-Type", "")

    def _create(self, target: Target, body: Any, query: dict[str, str]) -> tuple[int, Any]:  # noqa: ANN401
        store, metadata = self.server.store, body.get("metadata") or {}
        name = metadata.get("name") or f"{metadata.get('generateName', '')}{len(store.events):05d}"
        key = (target.kind.api_version, target.kind.kind, target.namespace, name)
        if key in store:
            return _failure(409, "AlreadyExists", f'{target.kind.plural} "{name}" already exists')
        if "dryRun" in query:
            return 201, body
        store.put(key, body)
        store.record("apply", "POST", key, body)
        return 201, store.served(key)

    def _collection(self, target: Target, query: dict[str, str]) -> tuple[int, Any]:
        store = self.server.store
        found = [(key, store.served(key)) for key in store.keys(target.kind, target.namespace)]
        found = [(key, shown) for key, shown in found if selects(query, shown)]
        if self.command == "DELETE":
            for key, _ in found:
                store.record("delete", "DELETE", key, None)
                store.delete(key)
        listed = {"kind": f"{target.kind.kind}List", "apiVersion": target.kind.api_version}
        return 200, {**listed, "metadata": {"resourceVersion": "1"}, "items": [shown for _, shown in found]}

    def _one(self, target: Target, body: Any, query: dict[str, str]) -> tuple[int, Any]:  # noqa: ANN401 - JSON
        store, key, content_type = self.server.store, target.key, self.headers.get("Content-Type", "")
        if self.command == "GET":
            return 200, _shown(target, store.served(key))
        if "strategic-merge-patch" in content_type and not target.kind.built_in:
            return _failure(415, "UnsupportedMediaType", "custom resources do not support strategic merge patch")
        if "dryRun" in query:
            return 200, store.served(key)
        if self.command == "DELETE":
            store.record("delete", "DELETE", key, None)
            store.delete(key)
            return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}
        if target.subresource == "status":
            return 200, store.served(key)
        if target.subresource == "scale":
            body, content_type = {"spec": {"replicas": body["spec"]["replicas"]}}, "application/merge-patch+json"
        if key not in store or (self.command == "PUT" and not target.subresource):
            store.put(key, body)
        else:
            store.patch(key, body, content_type)
        store.record("apply", self.command, key, body, content_type)
        return 200, _shown(target, store.served(key))

    def _send(self, code: int, answer: Any) -> None:  # noqa: ANN401 - JSON
        text = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def _shown(target: Target, shown: dict[str, Any]) -> dict[str, Any]:
    if target.subresource != "scale":
        return shown
    replicas = shown["spec"]["replicas"]
    scale = {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown["metadata"]}
    return {**scale, "spec": {"replicas": replicas}, "status": {"replicas": replicas}}


def _failure(code: int, reason: str, message: str) -> tuple[int, dict[str, Any]]:
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return code, {**status, "reason": reason, "code": code, "message": message}


def _not_found(target: Target) -> tuple[int, dict[str, Any]]:
    plural = f"{target.kind.plural}.{target.kind.group}".rstrip(".")
    code, status = _failure(404, "NotFound", f'{plural} "{target.name}" not found')
    return code, {**status, "details": {"name": target.name, "group": target.kind.group, "kind": target.kind.plural}}
