"""A proxy between rowand and PostgreSQL that understands their protocol just well enough to cut a connection at a chosen message."""

import pathlib
import shutil
import socket
import struct
import tempfile
import threading

EXECUTE, QUERY = b"E", b"Q"
"""The messages that make PostgreSQL do something."""


def is_commit(body):
    """Whether the text of a statement in a message is COMMIT."""
    return b"\0COMMIT\0" in b"\0" + body


class FaultProxy:
    """Listens on a socket in a folder of its own, as PostgreSQL does, and passes messages both ways.

    Once armed, it counts the statements that are executed, on all connections, and cuts the connection of the chosen one, once: before PostgreSQL gets
    it, or when PostgreSQL has answered it and before the answer is passed on.
    """

    def __init__(self, folder):
        self.target = str(pathlib.Path(folder) / ".s.PGSQL.5432")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rowan-proxy-", dir="/tmp"))
        self.lock = threading.Lock()
        self.executed = 0
        self.cut = None  # (number of the statement, whether it is run)
        self.cut_commit = False
        self.refusing = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self.listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"host={self.folder} user=postgres dbname=postgres"

    def arm(self, statement=None, run=False, commit=False):
        """Cuts at a statement, counted from 1, or at the next COMMIT; `run` says whether PostgreSQL gets it."""
        with self.lock:
            self.executed, self.cut, self.cut_commit = 0, statement and (statement, run), commit

    def disarm(self):
        """Returns how many statements there were since it was armed."""
        with self.lock:
            self.cut, self.cut_commit = None, False
            return self.executed

    def close(self):
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.refusing:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.target)
            link = _Link(self, client, server)
            threading.Thread(target=link.to_server, daemon=True).start()
            threading.Thread(target=link.to_client, daemon=True).start()

    def _decide(self, kind, body, commits):
        """Returns None, or whether PostgreSQL gets the statement at which the connection is cut."""
        with self.lock:
            if kind not in (EXECUTE, QUERY):
                return None
            self.executed += 1
            if self.cut_commit and (commits or is_commit(body)):
                self.cut_commit = False
                return True
            if self.cut and self.executed == self.cut[0]:
                run = self.cut[1]
                self.cut = None
                return run
        return None


class _Link:
    """One connection."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.swallowing = False

    def close(self):
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def read(self, end, size):
        data = b""
        while len(data) < size:
            part = end.recv(size - len(data))
            if not part:
                raise ConnectionError
            data += part
        return data

    def to_server(self):
        commits = False
        try:
            (length,) = struct.unpack("!i", self.read(self.client, 4))
            self.server.sendall(struct.pack("!i", length) + self.read(self.client, length - 4))
            while True:
                kind = self.read(self.client, 1)
                (length,) = struct.unpack("!i", self.read(self.client, 4))
                body = self.read(self.client, length - 4)
                if kind == b"P":
                    commits = is_commit(body)
                run = self.proxy._decide(kind, body, commits)
                if run is False:
                    self.close()
                    return
                if run:
                    self.swallowing = True
                self.server.sendall(kind + struct.pack("!i", length) + body)
        except (OSError, ConnectionError, struct.error):
            self.close()

    def to_client(self):
        try:
            while True:
                kind = self.read(self.server, 1)
                (length,) = struct.unpack("!i", self.read(self.server, 4))
                body = self.read(self.server, length - 4)
                # The statement is done (C), or failed (E): nobody hears of it.
                if self.swallowing and kind in (b"C", b"E"):
                    self.close()
                    return
                if not self.swallowing:
                    self.client.sendall(kind + struct.pack("!i", length) + body)
        except (OSError, ConnectionError, struct.error):
            self.close()
