"""The statements that a request really runs, as a script for pgbench.

A few samples of the request are sent while PostgreSQL logs every statement with its parameters. What is the same in all samples becomes a constant; a number that
follows one that was drawn for the sample, or the number of the sample (as ids from a sequence do), becomes a variable of pgbench that does the same. So
the script runs the same statements, prepared and with parameters, on rows that vary as the request's do.
"""

import json
import random
import re
import time

SAMPLES = 6
# Far above all ids that are given otherwise; each client of pgbench has a range of its own.
RANGE = 1_000_000_000


def draw(request, drawn):
    """Returns a request with its blanks filled, and adds what was drawn to a list."""
    if isinstance(request, dict):
        if "$random" in request:
            drawn.append(random.randint(*request["$random"]))
            return drawn[-1]
        return {key: draw(value, drawn) for key, value in request.items()}
    if isinstance(request, list):
        return [draw(value, drawn) for value in request]
    return request


def ranges(request):
    """Returns the ranges of a request's blanks, in the order in which draw() fills them."""
    if isinstance(request, dict):
        return [request["$random"]] if "$random" in request else [one for value in request.values() for one in ranges(value)]
    return [one for value in request for one in ranges(value)] if isinstance(request, list) else []


class Recorder:
    """Reads the statements of rowand's connections from PostgreSQL's log."""

    def __init__(self, postgres):
        self.postgres = postgres
        self.marks = 0

    def __enter__(self):
        self._set("ALTER SYSTEM SET log_statement = 'all'")
        self.statements()
        return self

    def __exit__(self, *_):
        self._set("ALTER SYSTEM RESET log_statement")

    def _set(self, sql):
        self.postgres.psql(sql)
        self.postgres.psql("SELECT pg_reload_conf()")
        time.sleep(0.3)

    def statements(self):
        """Returns (SQL, parameters) of what was logged since the last time, without what rowand does for itself."""
        self.marks += 1
        mark = f"mark {self.marks} of the recorder"
        self.postgres.psql(f"SELECT '{mark}'")
        until = time.monotonic() + 20
        while mark not in (text := self.postgres.log.read_text()):
            if time.monotonic() > until:
                raise RuntimeError("PostgreSQL does not log statements")
            time.sleep(0.02)
        entries = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
        self.postgres.log.write_bytes(b"")  # the logger appends
        return [one for one in map(_statement, entries) if one]


def _statement(entry):
    said = re.match(r"(?:execute [^:]*|statement): (.*)", entry.get("message", ""), re.DOTALL)
    if not said or entry.get("application_name") != "rowand" or "rowan_" in said[1] or '"rowan"' in said[1]:
        return None
    parameters = re.findall(r"\$\d+ = ('(?:[^']|'')*'|NULL)", entry.get("detail", ""))
    return said[1].strip().rstrip(";"), tuple(parameters)


def _follows(values, series):
    """Returns (name, factor, offset) of the series that whole numbers follow, or None."""
    for name, known in series.items():
        other = next((i for i in range(1, len(known)) if known[i] != known[0]), None)
        if other is None:
            continue
        factor, rest = divmod(values[other] - values[0], known[other] - known[0])
        offset = values[0] - factor * known[0]
        if not rest and factor and all(value == factor * one + offset for value, one in zip(values, known)):
            return name, factor, offset
    return None


def _whole(text):
    return re.fullmatch(r"'-?\d+'", text) is not None


class Script:
    """Puts a script together."""

    def __init__(self, series):
        self.series = series
        self.variables = {}  # by their expression
        self.constants = {}  # names by what they stand for

    def variable(self, follows):
        name, factor, offset = follows
        # The number of a sample becomes the client's own count, in a range that is nobody else's.
        expression = f":{name} * {factor} + {offset}" if name != "n" else f"(:client_id + 1) * {RANGE} + :n * {factor} + {offset}"
        return ":" + self.variables.setdefault(expression, f"v{len(self.variables)}")

    def constant(self, value):
        # A parameter here too, for with a literal PostgreSQL might choose another plan.
        return value if value == "NULL" else ":" + self.constants.setdefault(value[1:-1].replace("''", "'"), f"c{len(self.constants)}")

    def parameter(self, values, kind):
        """Returns the expression that stands for one parameter, of which `values` are those of the samples."""
        if len(set(values)) == 1:
            return f"{self.constant(values[0])}::{kind}"
        if all(map(_whole, values)):
            follows = _follows([int(value[1:-1]) for value in values], self.series)
            return f"{self.variable(follows) if follows else self.constant(values[0])}::{kind}"
        if kind.endswith("[]") and all(re.fullmatch(r"'\{-?\d+(,-?\d+)*\}'", value) for value in values):
            return self.array([[int(one) for one in value[2:-2].split(",")] for value in values], kind)
        return f"{self.constant(values[0])}::{kind}"

    def array(self, values, kind):
        if len({len(one) for one in values}) > 1:
            return self.constant("'{" + ",".join(map(str, values[0])) + "}'") + f"::{kind}"
        follows = [_follows(one, self.series) for one in zip(*values)]
        if None not in follows and len(follows) > 8 and len({one[:2] for one in follows}) == 1:
            # Many that follow one number: that and their distances to it.
            distances = ",".join(str(one[2] - follows[0][2]) for one in follows)
            return f"ARRAY(SELECT {self.variable(follows[0])}::bigint + o FROM unnest('{{{distances}}}'::bigint[]) o)::{kind}"
        return "ARRAY[" + ",".join(self.variable(one) if one else str(first) for one, first in zip(follows, values[0])) + f"]::{kind}"


def record(postgres, client, schema, request, random_seed=1):
    """Returns a script of pgbench that does what a request does, the constants that it refers to, and how many statements it has."""
    verb = next(key for key in request if key not in ("model", "name", "weight"))
    random.seed(random_seed)
    explained = client.explain(verb, schema, request["model"], draw(request[verb], []))
    types = {statement.sql: statement.parameter_types for statement in explained.statements}
    samples, all_drawn = [], []
    for _ in range(8):  # until connections are open, statements prepared, and a form that is quick goes to lanes
        getattr(client, verb)(schema, request["model"], draw(request[verb], []))
    with Recorder(postgres) as recorder:
        for _ in range(SAMPLES):
            all_drawn.append([])
            getattr(client, verb)(schema, request["model"], draw(request[verb], all_drawn[-1]))
            samples.append(recorder.statements())
    if len({tuple(sql for sql, _ in sample) for sample in samples}) != 1 or not samples[0]:
        raise RuntimeError(f"the samples of a request run different statements: {[[sql for sql, _ in sample] for sample in samples]}")
    series = {f"x{i}": list(values) for i, values in enumerate(zip(*all_drawn))}
    series["n"] = list(range(SAMPLES))
    script = Script(series)
    lines = []
    for position, (sql, _) in enumerate(samples[0]):
        kinds = types.get(sql, ())
        expressions = [script.parameter([sample[position][1][i] for sample in samples], kinds[i] if i < len(kinds) else "text")
                       for i in range(len(samples[0][position][1]))]
        lines.append(re.sub(r"\$(\d+)", lambda place: expressions[int(place[1]) - 1], sql.replace("\n", " ")) + ";")
    heads = [f"\\set x{i} random({low}, {high})" for i, (low, high) in enumerate(ranges(request[verb]))]
    heads += ["\\set n :n + 1"] + [f"\\set {name} {expression}" for expression, name in script.variables.items()]
    return "\n".join(heads + lines) + "\n", {name: value for value, name in script.constants.items()}, len(lines)
