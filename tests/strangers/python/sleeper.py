"""The CockroachDB connector, but for its sleeping before every answer, as nobody should."""

import time

import cockroachdb
from wit_world.imports.types import Configuration, Context, Verdict


class Connector(cockroachdb.Connector):
    def validate(self, context: Context, configuration: Configuration) -> Verdict:
        time.sleep(3)
        return super().validate(context, configuration)
