"""Results, one JSON object a line: a file that many runs may append to at once, and that serves as their cache."""

import json
import os


class Results:
    """Scores and seconds by contender, table and seed. A contender's key names all that its result depends on."""

    def __init__(self, path):
        self.path, self.found = path, {}
        if os.path.exists(path):
            with open(path) as file:
                for line in file:
                    self.keep(json.loads(line))

    def keep(self, result):
        self.found[result["key"], result["table"], result["seed"]] = result

    def get(self, key, table, seed):
        return self.found.get((key, table, seed))

    def add(self, result):
        self.keep(result)
        with open(self.path, "a") as file:
            file.write(json.dumps(result, ensure_ascii=False) + "\n")
